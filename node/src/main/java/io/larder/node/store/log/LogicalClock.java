package io.larder.node.store.log;

import java.util.function.LongSupplier;

/**
 * The time that expiries are compared with: the persisted time plus the time elapsed since, so a
 * wall clock that jumps cannot expire everything or revive expired values. A wall clock that is
 * ahead advances it by at most an hour a checkpoint; it never goes back. Thread-safe.
 */
public final class LogicalClock {
  static final long MAX_ADVANCE_MS = 3_600_000;

  private final LongSupplier wallMs;
  private final LongSupplier nanos;
  private final long startNanos;
  private volatile long baseMs;

  LogicalClock(long persistedMs, LongSupplier wallMs, LongSupplier nanos) {
    this.wallMs = wallMs;
    this.nanos = nanos;
    this.startNanos = nanos.getAsLong();
    this.baseMs = persistedMs;
  }

  /** Milliseconds since about 1970; comparable with every expiry kept on this device. */
  public long nowMs() {
    return baseMs + (nanos.getAsLong() - startNanos) / 1_000_000;
  }

  /** Called at a checkpoint: follows the wall clock and returns the time to persist. */
  synchronized long advance() {
    long now = nowMs();
    long behindMs = wallMs.getAsLong() - now;
    if (behindMs > 0) {
      baseMs += Math.min(behindMs, MAX_ADVANCE_MS);
    }
    return nowMs();
  }

  /** Whether the wall clock is so far ahead that another checkpoint should be made. */
  boolean isBehind() {
    return wallMs.getAsLong() - nowMs() > 1000;
  }
}
