package io.larder.node.router.write;

import io.larder.node.service.PutOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Counts puts by outcome. Thread-safe. */
public final class PutMetrics {
  private final Map<PutOutcome, Counter> puts = new EnumMap<>(PutOutcome.class);
  private final Counter duplicateBytes;
  private final Counter claims;

  public PutMetrics(MeterRegistry registry) {
    for (PutOutcome outcome : PutOutcome.values()) {
      puts.put(
          outcome,
          Counter.builder("larder.puts")
              .description("Puts by outcome; exists are duplicates suppressed")
              .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    duplicateBytes =
        Counter.builder("larder.puts.duplicate.bytes")
            .description("Bytes not written because the key was stored already")
            .baseUnit("bytes")
            .register(registry);
    claims =
        Counter.builder("larder.puts.claims")
            .description("Commits asked for again, as claims")
            .register(registry);
  }

  void put(PutOutcome outcome, int bytes) {
    Objects.requireNonNull(puts.get(outcome)).increment();
    if (outcome == PutOutcome.EXISTS) {
      duplicateBytes.increment(bytes);
    }
  }

  void claimedAgain() {
    claims.increment();
  }
}
