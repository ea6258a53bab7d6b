package io.larder.testkit.local;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Distinguishes a stalled state from slow progress: a state counts as stalled if it has not changed
 * for the whole patience. Not thread-safe.
 */
final class StallDetector {
  private final long patienceNs;
  private final LongSupplier clockNs;
  private Object last = "";
  private long sinceNs;

  StallDetector(Duration patience) {
    this(patience, System::nanoTime);
  }

  StallDetector(Duration patience, LongSupplier clockNs) {
    this.patienceNs = patience.toNanos();
    this.clockNs = clockNs;
    this.sinceNs = clockNs.getAsLong();
  }

  /** Records the present state; returns true if it differs from the last one. */
  boolean changed(Object state) {
    if (state.equals(last)) {
      return false;
    }
    last = state;
    sinceNs = clockNs.getAsLong();
    return true;
  }

  /** Whether the last recorded state is older than the patience. */
  boolean tooLong() {
    return clockNs.getAsLong() - sinceNs > patienceNs;
  }
}
