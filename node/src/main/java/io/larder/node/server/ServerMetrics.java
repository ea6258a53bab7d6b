package io.larder.node.server;

import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.Outcome;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.ServerFigures;
import io.larder.node.service.Refusal;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.distribution.TimeWindowMax;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** The server's meters, made at start, so that recording needs no look-up. Thread-safe. */
final class ServerMetrics {
  /** By the command's ordinal. */
  private final List<Map<Outcome, Durations>> commands = new ArrayList<>();

  private final Map<Rejection, Counter> rejections = new EnumMap<>(Rejection.class);
  private final Map<Refusal, Counter> dropped = new EnumMap<>(Refusal.class);
  private final AtomicInteger connections = new AtomicInteger();

  final Counter connectionsTotal;
  final Counter bytesIn;
  final Counter bytesOut;
  final Counter commandsTotal;
  private final LongAdder readHits = new LongAdder();
  private final LongAdder readMisses = new LongAdder();

  ServerMetrics(MeterRegistry registry, List<CommandSpec> specs) {
    for (CommandSpec spec : specs) {
      Map<Outcome, Durations> durations = new EnumMap<>(Outcome.class);
      commands.add(durations);
      for (Outcome outcome : spec.outcomes()) {
        Tags tags =
            Tags.of("command", spec.name().toLowerCase(Locale.ROOT), "outcome", label(outcome));
        durations.put(outcome, new Durations(registry, tags));
      }
    }
    for (Rejection reason : Rejection.values()) {
      rejections.put(
          reason,
          Counter.builder("larder.rejections")
              .description("Connections and requests turned away")
              .tag("reason", label(reason))
              .register(registry));
    }
    for (Refusal reason : Refusal.values()) {
      if (!reason.isTold()) {
        dropped.put(
            reason,
            Counter.builder("larder.puts.dropped")
                .description("Puts of plain sessions that were accepted and not stored")
                .tag("reason", label(reason))
                .register(registry));
      }
    }
    registry.gauge("larder.connections", connections);
    connectionsTotal = registry.counter("larder.connections.accepted");
    bytesIn = registry.counter("larder.received.bytes");
    bytesOut = registry.counter("larder.sent.bytes");
    commandsTotal = registry.counter("larder.commands.processed");
  }

  /** Records commands that ended alike after the same time. */
  void record(CommandSpec spec, Outcome outcome, int count, long nanos) {
    Durations durations = commands.get(spec.ordinal()).get(outcome);
    if (durations != null) {
      durations.record(count, nanos);
    }
  }

  /** Counts commands that were executed together, and the hits and misses of their reads. */
  void executed(int count, int hits, int misses) {
    commandsTotal.increment(count);
    readHits.add(hits);
    readMisses.add(misses);
  }

  void reject(Rejection reason) {
    counter(reason).increment();
  }

  /** A put of a plain session has not been stored. */
  void dropped(Refusal reason) {
    Objects.requireNonNull(dropped.get(reason)).increment();
  }

  /** The figures of this moment, for INFO. */
  ServerFigures figures(int port, long upSeconds) {
    Map<Refusal, Long> puts = new EnumMap<>(Refusal.class);
    dropped.forEach((reason, counter) -> puts.put(reason, (long) counter.count()));
    return new ServerFigures(
        port,
        upSeconds,
        connections.get(),
        (long) connectionsTotal.count(),
        (long) counter(Rejection.TOO_MANY_CONNECTIONS).count(),
        (long) commandsTotal.count(),
        (long) bytesIn.count(),
        (long) bytesOut.count(),
        readHits.sum(),
        readMisses.sum(),
        puts);
  }

  private Counter counter(Rejection reason) {
    return Objects.requireNonNull(rejections.get(reason));
  }

  AtomicInteger connections() {
    return connections;
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** A timer that records many equal measurements at once, which Micrometer's does not. */
  private static final class Durations {
    private static final long MAX_WINDOW_MS = 60_000;
    private static final int MAX_WINDOWS = 2;

    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();
    private final TimeWindowMax maxNanos;

    Durations(MeterRegistry registry, Tags tags) {
      maxNanos = new TimeWindowMax(registry.config().clock(), MAX_WINDOW_MS, MAX_WINDOWS);
      FunctionTimer.builder(
              "larder.command", this, d -> d.count.sum(), d -> d.nanos.sum(), TimeUnit.NANOSECONDS)
          .description("Time from a command's last byte to its reply's")
          .tags(tags)
          .register(registry);
      Gauge.builder("larder.command.seconds.max", this, d -> d.maxNanos.poll() / 1e9)
          .description("The longest time in the last minute or two")
          .tags(tags)
          .register(registry);
    }

    void record(int times, long each) {
      count.add(times);
      nanos.add(times * each);
      maxNanos.record((double) each);
    }
  }
}
