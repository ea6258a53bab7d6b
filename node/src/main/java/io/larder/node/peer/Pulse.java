package io.larder.node.peer;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Whether a peer is alive, from what comes from it. It is taken for gone when its connection is
 * broken, or when nothing has come for a while though a sign of life is awaited; it is back when
 * something comes. Thread-safe.
 */
final class Pulse {
  private final long silenceNanos;
  private final LongSupplier nanoClock;
  private volatile boolean awaiting;
  private volatile long heardNanos;
  private volatile boolean gone;

  /**
   * @param silenceMs how long a peer may be silent
   */
  Pulse(long silenceMs, LongSupplier nanoClock) {
    this.silenceNanos = TimeUnit.MILLISECONDS.toNanos(silenceMs);
    this.nanoClock = nanoClock;
  }

  /** A sign of life is awaited from now on. */
  void awaited() {
    heardNanos = nanoClock.getAsLong();
    awaiting = true;
  }

  /** Something has come. */
  void heard() {
    heardNanos = nanoClock.getAsLong();
    gone = false;
  }

  /** The sign of life has come. */
  void answered() {
    awaiting = false;
    heard();
  }

  /** The connection is broken. */
  void broken() {
    awaiting = false;
    gone = true;
  }

  boolean isAlive() {
    if (awaiting && nanoClock.getAsLong() - heardNanos > silenceNanos) {
      gone = true;
    }
    return !gone;
  }
}
