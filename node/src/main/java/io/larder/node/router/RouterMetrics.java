package io.larder.node.router;

import io.larder.node.directory.Directory;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.service.Found;
import io.larder.node.service.PutOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;

/** The router's counters and gauges. Thread-safe. */
final class RouterMetrics {
  private final Map<Found.Tier, Counter> hits = new EnumMap<>(Found.Tier.class);
  private final Counter misses;
  private final Map<PutOutcome, Counter> puts = new EnumMap<>(PutOutcome.class);
  private final Counter duplicateBytes;
  private final Counter movedRecords;
  private final Counter movedBytes;
  final Counter claims;
  final Counter duplicatesDropped;

  RouterMetrics(MeterRegistry registry) {
    for (Found.Tier tier : Found.Tier.values()) {
      hits.put(tier, read(registry, lower(tier), "hit"));
    }
    misses = read(registry, "none", "miss");
    for (PutOutcome outcome : PutOutcome.values()) {
      puts.put(
          outcome,
          Counter.builder("larder.puts")
              .description("Puts by outcome; exists are duplicates suppressed")
              .tag("outcome", lower(outcome))
              .register(registry));
    }
    duplicateBytes =
        Counter.builder("larder.puts.duplicate.bytes")
            .description("Bytes not written because the key was stored already")
            .baseUnit("bytes")
            .register(registry);
    movedRecords =
        Counter.builder("larder.moves.records")
            .description("Records taken over from nodes that give them up")
            .register(registry);
    movedBytes =
        Counter.builder("larder.moves.bytes")
            .description("Bytes of values taken over from nodes that give them up")
            .baseUnit("bytes")
            .register(registry);
    claims =
        Counter.builder("larder.puts.claims")
            .description("Commits asked for again, as claims")
            .register(registry);
    duplicatesDropped =
        Counter.builder("larder.duplicates.dropped")
            .description("Second copies dropped after the first was confirmed")
            .register(registry);
  }

  /** Registers what is measured when it is asked for. */
  static void observe(
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

  /** Registers how many deletes and withdrawn puts are not known to all yet. */
  static void observe(MeterRegistry registry, VoidedPuts voided, Withdrawals withdrawals) {
    Gauge.builder("larder.deletes.noted", voided, VoidedPuts::size)
        .description("Deleted keys that a node which is away may hold")
        .register(registry);
    FunctionCounter.builder("larder.deletes.notes.dropped", voided, VoidedPuts::overflows)
        .description("Notes of deleted keys given up, there being too many: those may return")
        .register(registry);
    Gauge.builder("larder.puts.withdrawn", withdrawals, Withdrawals::size)
        .description("Keys of given-up puts that their owners have not heard of yet")
        .register(registry);
    FunctionCounter.builder("larder.puts.withdrawn.overflows", withdrawals, Withdrawals::overflows)
        .description("Given-up puts beyond those that are remembered")
        .register(registry);
  }

  void moved(int bytes) {
    movedRecords.increment();
    movedBytes.increment(bytes);
  }

  void hit(Found.Tier tier) {
    counter(hits, tier).increment();
  }

  void miss() {
    misses.increment();
  }

  void put(PutOutcome outcome, int bytes) {
    counter(puts, outcome).increment();
    if (outcome == PutOutcome.EXISTS) {
      duplicateBytes.increment(bytes);
    }
  }

  private static <K> Counter counter(Map<K, Counter> counters, K key) {
    return java.util.Objects.requireNonNull(counters.get(key));
  }

  private static Counter read(MeterRegistry registry, String tier, String result) {
    return Counter.builder("larder.reads")
        .description("Reads by tier and result")
        .tag("tier", tier)
        .tag("result", result)
        .register(registry);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT);
  }
}
