package io.larder.node;

import io.larder.node.block.MemoryPool;
import io.larder.node.store.RecoveryReport;
import io.larder.node.store.StoreStats;
import io.larder.node.store.log.LogStore;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** The metrics of store and memory pool, read when they are scraped. */
record NodeMetrics(LogStore store, MemoryPool pool) {
  void bindTo(MeterRegistry registry) {
    gauge(registry, "larder.store.capacity", "bytes", StoreStats::capacityBytes);
    gauge(registry, "larder.store.used", "bytes", StoreStats::usedBytes);
    gauge(registry, "larder.store.entries", "", StoreStats::entries);
    gauge(registry, "larder.store.readonly", "", stats -> stats.readOnly() ? 1 : 0);
    gauge(registry, "larder.device.stalled", "", stats -> stats.stalled() ? 1 : 0);
    counter(registry, "larder.device.stalls", "", StoreStats::stalls);
    gauge(registry, "larder.store.writes.waiting", "", StoreStats::waitingWrites);
    gauge(registry, "larder.device.pending", "", StoreStats::devicePending);
    gauge(registry, "larder.checkpoint.age", "seconds", s -> s.checkpointAgeMs() / 1000.0);
    counter(registry, "larder.store.evictions", "", StoreStats::evictions);
    counter(registry, "larder.store.checksum.failures", "", StoreStats::checksumFailures);
    counter(registry, "larder.store.written", "bytes", StoreStats::bytesWritten);
    counter(registry, "larder.store.read", "bytes", StoreStats::bytesRead);
    counter(registry, "larder.store.segments.reclaimed", "", StoreStats::segmentsReclaimed);
    counter(registry, "larder.device.read.errors", "", StoreStats::readErrors);
    counter(registry, "larder.device.write.errors", "", StoreStats::writeErrors);
    Gauge.builder("larder.device.engine", () -> 1)
        .description("Which engine drives the device")
        .tag("engine", store.stats().engine())
        .register(registry);
    for (String state : store.stats().segmentsByState().keySet()) {
      Gauge.builder(
              "larder.store.segments",
              store,
              s -> s.stats().segmentsByState().getOrDefault(state, 0))
          .description("Segments by state")
          .tag("state", state)
          .register(registry);
    }
    RecoveryReport recovery = store.recovery();
    Gauge.builder("larder.recovery.duration", () -> recovery.durationMs() / 1000.0)
        .description("Time the last opening took to find its records")
        .baseUnit("seconds")
        .register(registry);
    Gauge.builder("larder.recovery.records", recovery::records)
        .description("Records that the last opening found")
        .register(registry);
    Gauge.builder("larder.recovery.read", recovery::bytesRead)
        .description("Bytes the last opening read from the device")
        .baseUnit("bytes")
        .register(registry);
    listed(registry, "footers", recovery.recordsFromFooters());
    listed(registry, "scans", recovery.recordsFromScans());
    recovery
        .rejected()
        .forEach((reason, count) ->
            Gauge.builder("larder.recovery.rejected", () -> count)
                .description("Entries the last opening rejected, by reason")
                .tag("reason", reason)
                .register(registry));
    Gauge.builder("larder.memory.capacity", pool, MemoryPool::capacityBytes)
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("larder.memory.used", pool, MemoryPool::usedBytes)
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("larder.memory.waiting", pool, MemoryPool::waiting)
        .description("Requests that wait for memory")
        .register(registry);
  }

  private static void listed(MeterRegistry registry, String source, long count) {
    Gauge.builder("larder.recovery.listed", () -> count)
        .description("Records that the last opening found listed, dead ones included, by source")
        .tag("source", source)
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry, String name, String unit, ToDoubleFunction<StoreStats> figure) {
    Gauge.builder(name, store, s -> figure.applyAsDouble(s.stats()))
        .baseUnit(unit.isEmpty() ? null : unit)
        .register(registry);
  }

  private void counter(
      MeterRegistry registry, String name, String unit, ToDoubleFunction<StoreStats> figure) {
    FunctionCounter.builder(name, store, s -> figure.applyAsDouble(s.stats()))
        .baseUnit(unit.isEmpty() ? null : unit)
        .register(registry);
  }
}
