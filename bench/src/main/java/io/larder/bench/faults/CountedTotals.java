package io.larder.bench.faults;

import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** The totals of several byte-counting clients. Thread-safe. */
final class CountedTotals {
  private final LongAdder calls = new LongAdder();
  private final LongAdder accepted = new LongAdder();
  private final LongAdder read = new LongAdder();
  private final LongAdder nilsAfterExists = new LongAdder();
  private final LongAdder connectedAnew = new LongAdder();
  private final LongAccumulator longestNanos = new LongAccumulator(Math::max, 0);

  void called(long tookNanos) {
    calls.increment();
    longestNanos.accumulate(tookNanos);
  }

  void acceptedOne() {
    accepted.increment();
  }

  void readOne() {
    read.increment();
  }

  void nilAfterExists() {
    nilsAfterExists.increment();
  }

  void connectedAnewOnce() {
    connectedAnew.increment();
  }

  long calls() {
    return calls.sum();
  }

  /** Puts that were answered OK: stored or dropped. */
  long accepted() {
    return accepted.sum();
  }

  /** Values that were read and compared. */
  long read() {
    return read.sum();
  }

  /** Nils to a GET right after EXISTS returned 1: LMCache 0.5.6 waits for ever on each. */
  long nilsAfterExists() {
    return nilsAfterExists.sum();
  }

  /** Connections replaced after the end of their node's process. */
  long connectedAnew() {
    return connectedAnew.sum();
  }

  long longestMs() {
    return longestNanos.get() / 1_000_000;
  }
}
