package io.larder.node.peer;

import java.util.concurrent.TimeUnit;

/** Keeps a node from knocking at a dead peer's door at every request. Thread-safe. */
final class Breaker {
  private static final long FIRST_PAUSE_MS = 50;
  private static final long MAX_PAUSE_MS = 2_000;

  private final PeerLinks.Address address;
  private long pauseMs;
  private long closedUntilNanos;

  Breaker(PeerLinks.Address address) {
    this.address = address;
  }

  /**
   * Lets a connection attempt through, or not.
   *
   * @throws PeerException while the last failure is too fresh
   */
  synchronized void check() {
    if (pauseMs > 0 && closedUntilNanos - System.nanoTime() > 0) {
      throw new PeerException(address + " could not be reached a moment ago");
    }
  }

  synchronized void failed() {
    pauseMs = Math.clamp(pauseMs * 2, FIRST_PAUSE_MS, MAX_PAUSE_MS);
    closedUntilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMs);
  }

  synchronized void succeeded() {
    pauseMs = 0;
  }
}
