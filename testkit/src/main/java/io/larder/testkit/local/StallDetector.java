package io.larder.testkit.local;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Tells what is slow from what stands still: only a state that has not changed for as long as
 * patience lasts stands still, however long everything takes. Not thread-safe.
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

  /** Takes note of the state now; true if it is another than before. */
  boolean changed(Object state) {
    if (state.equals(last)) {
      return false;
    }
    last = state;
    sinceNs = clockNs.getAsLong();
    return true;
  }

  /** Whether the state last noted is older than patience lasts. */
  boolean tooLong() {
    return clockNs.getAsLong() - sinceNs > patienceNs;
  }
}
