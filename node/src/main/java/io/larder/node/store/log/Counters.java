package io.larder.node.store.log;

import java.util.concurrent.atomic.LongAdder;

/** Counters of an open store. */
final class Counters {
  final LongAdder evictions = new LongAdder();
  final LongAdder checksumFailures = new LongAdder();
  final LongAdder readErrors = new LongAdder();
  final LongAdder writeErrors = new LongAdder();
  final LongAdder bytesWritten = new LongAdder();
  final LongAdder bytesRead = new LongAdder();
  final LongAdder bytesRelocated = new LongAdder();
  final LongAdder segmentsReclaimed = new LongAdder();
  final LongAdder stalls = new LongAdder();
  final LongAdder checkpointErrors = new LongAdder();
}
