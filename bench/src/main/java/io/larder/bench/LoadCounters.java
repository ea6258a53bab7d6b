package io.larder.bench;

import java.util.concurrent.atomic.LongAdder;

/** The counters of all inference servers together. Thread-safe. */
final class LoadCounters {
  final LongAdder lookups = new LongAdder();
  final LongAdder hitsHot = new LongAdder();
  final LongAdder hitsDevice = new LongAdder();
  final LongAdder hitsPeer = new LongAdder();
  final LongAdder computed = new LongAdder();
  final LongAdder stored = new LongAdder();
  final LongAdder suppressed = new LongAdder();
  final LongAdder bytesRead = new LongAdder();
  final LongAdder bytesWritten = new LongAdder();
  final LongAdder bytesVerified = new LongAdder();

  /** Puts refused because a part was away or too busy to decide. */
  final LongAdder putsRefused = new LongAdder();

  /** Other calls refused for the same reason, or a miss after EXISTS. */
  final LongAdder callsRefused = new LongAdder();

  /** Calls that failed without such a reason. */
  final LongAdder failedCalls = new LongAdder();

  final LatencyHistogram gets = new LatencyHistogram();
  final LatencyHistogram puts = new LatencyHistogram();

  long hits() {
    return hitsHot.sum() + hitsDevice.sum() + hitsPeer.sum();
  }

  LongAdder hits(BlockCache.Source source) {
    return switch (source) {
      case HOT -> hitsHot;
      case DEVICE -> hitsDevice;
      case PEER -> hitsPeer;
    };
  }
}
