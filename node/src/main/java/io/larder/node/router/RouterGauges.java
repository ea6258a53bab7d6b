package io.larder.node.router;

import io.larder.node.directory.Directory;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.router.announce.Announcer;
import io.larder.node.router.holder.Withdrawals;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Registers the figures that are read from the router's parts when the registry is scraped. */
final class RouterGauges {
  private RouterGauges() {}

  static void register(
      MeterRegistry registry, Directory directory, Announcer announcer, HotTier hot) {
    Gauge.builder("larder.directory.entries", directory, d -> d.counts().entries())
        .description("Keys whose slot this node owns")
        .register(registry);
    Gauge.builder("larder.directory.leases.open", directory, d -> d.counts().openLeases())
        .description("Put-leases granted and not ended")
        .register(registry);
    Gauge.builder("larder.directory.slots.syncing", announcer, Announcer::syncingSlots)
        .description("Owned slots that wait for announcements")
        .register(registry);
    FunctionCounter.builder("larder.leases.granted", directory, d -> d.counts().grants())
        .register(registry);
    FunctionCounter.builder("larder.leases.waits", directory, d -> d.counts().waits())
        .register(registry);
    FunctionCounter.builder("larder.leases.expired", directory, d -> d.counts().expiries())
        .register(registry);
    Gauge.builder("larder.hot.bytes", hot, HotTier::weightBytes)
        .baseUnit("bytes")
        .description("Bytes the hot tier occupies")
        .register(registry);
    Gauge.builder("larder.hot.entries", hot, HotTier::entries).register(registry);
  }

  /** Registers the numbers of deletes and withdrawn puts that some nodes do not know of yet. */
  static void register(MeterRegistry registry, VoidedPuts voided, Withdrawals withdrawals) {
    Gauge.builder("larder.deletes.noted", voided, VoidedPuts::size)
        .description("Deleted keys that a node which is away may hold")
        .register(registry);
    FunctionCounter.builder("larder.deletes.notes.dropped", voided, VoidedPuts::overflows)
        .description("Notes of deleted keys dropped beyond the bound: those values may return")
        .register(registry);
    Gauge.builder("larder.puts.withdrawn", withdrawals, Withdrawals::size)
        .description("Keys of withdrawn puts that their owners have not heard of yet")
        .register(registry);
    FunctionCounter.builder("larder.puts.withdrawn.overflows", withdrawals, Withdrawals::overflows)
        .description("Withdrawn puts beyond those that are remembered")
        .register(registry);
  }
}
