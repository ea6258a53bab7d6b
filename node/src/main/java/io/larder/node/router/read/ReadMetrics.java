package io.larder.node.router.read;

import io.larder.node.service.Found;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Counts reads by tier and result. Thread-safe. */
final class ReadMetrics {
  private final Map<Found.Tier, Counter> hits = new EnumMap<>(Found.Tier.class);
  private final Counter misses;

  ReadMetrics(MeterRegistry registry) {
    for (Found.Tier tier : Found.Tier.values()) {
      hits.put(tier, counter(registry, tier.name().toLowerCase(Locale.ROOT), "hit"));
    }
    misses = counter(registry, "none", "miss");
  }

  private static Counter counter(MeterRegistry registry, String tier, String result) {
    return Counter.builder("larder.reads")
        .description("Reads by tier and result")
        .tag("tier", tier)
        .tag("result", result)
        .register(registry);
  }

  void hit(Found.Tier tier) {
    Objects.requireNonNull(hits.get(tier)).increment();
  }

  void miss() {
    misses.increment();
  }
}
