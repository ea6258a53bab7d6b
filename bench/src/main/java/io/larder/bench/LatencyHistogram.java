package io.larder.bench;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;

/**
 * Durations in buckets of at most 1/32 relative width, from 1 ns to 2.4 hours; memory is fixed.
 * Thread-safe.
 */
public final class LatencyHistogram {
  private static final int STEPS_BITS = 5;
  private static final int STEPS = 1 << STEPS_BITS;
  private static final long MAX_NANOS = 1L << 43;

  private final AtomicLongArray counts = new AtomicLongArray((44 - STEPS_BITS + 1) * STEPS);
  private final LongAccumulator max = new LongAccumulator(Math::max, 0);

  /** Counts one duration; negative counts as 0, longer than the range as its end. */
  public void record(long nanos) {
    long clamped = Math.clamp(nanos, 0, MAX_NANOS);
    counts.incrementAndGet(index(clamped));
    max.accumulate(clamped);
  }

  /** The number of durations. */
  public long count() {
    long sum = 0;
    for (int i = 0; i < counts.length(); i++) {
      sum += counts.get(i);
    }
    return sum;
  }

  /** The longest duration in milliseconds, 0 if there is none. */
  public double maxMs() {
    return max.get() / 1e6;
  }

  /**
   * The duration that the part {@code quantile} of all does not exceed, in milliseconds: the upper
   * end of its bucket; 0 if there is none.
   */
  public double quantileMs(double quantile) {
    long total = count();
    long rank = Math.max(1, (long) Math.ceil(quantile * total));
    long seen = 0;
    for (int i = 0; i < counts.length() && total > 0; i++) {
      seen += counts.get(i);
      if (seen >= rank) {
        return Math.min(upperEnd(i), max.get()) / 1e6;
      }
    }
    return 0;
  }

  private static int index(long nanos) {
    if (nanos < STEPS) {
      return (int) nanos;
    }
    int shift = 63 - Long.numberOfLeadingZeros(nanos) - STEPS_BITS;
    return (shift + 1) * STEPS + (int) ((nanos >>> shift) - STEPS);
  }

  private static long upperEnd(int index) {
    if (index < STEPS) {
      return index;
    }
    int shift = index / STEPS - 1;
    return ((index % STEPS + STEPS + 1L) << shift) - 1;
  }
}
