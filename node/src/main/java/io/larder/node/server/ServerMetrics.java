package io.larder.node.server;

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

/** The server's meters, all made at start so that recording looks nothing up. Thread-safe. */
final class ServerMetrics {
  /** How a command ended. */
  enum Outcome {
    OK,
    HIT,
    MISS,
    STORED,
    EXISTS,
    HELD,
    DROPPED,
    ERROR
  }

  /** Why a connection or a request was turned away. */
  enum Rejection {
    TOO_MANY_CONNECTIONS,
    PROTOCOL,
    TLS,
    NO_AUTH,
    TOO_LARGE,
    REQUEST_BUDGET,
    MEMORY_WAIT,
    SLOW_PUT,
    SLOW_READER,
    SLOW_REQUEST,
    IDLE,
    COMMAND_TIMEOUT,
    BROKEN_BLOCK
  }

  /** By the command's place in the table. */
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

  ServerMetrics(MeterRegistry registry, CommandTable table) {
    for (CommandSpec spec : table.all()) {
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

  /** Counts commands that were executed together, and what those of them that read found. */
  void executed(int count, int hits, int misses) {
    commandsTotal.increment(count);
    readHits.add(hits);
    readMisses.add(misses);
  }

  /** Blocks found by readers here, for INFO; by tier the router counts them. */
  long readHits() {
    return readHits.sum();
  }

  long readMisses() {
    return readMisses.sum();
  }

  void reject(Rejection reason) {
    counter(reason).increment();
  }

  /** A put of a plain session has not been stored. */
  void dropped(Refusal reason) {
    Objects.requireNonNull(dropped.get(reason)).increment();
  }

  /** How many puts were dropped for each reason there can be. */
  Map<Refusal, Long> dropped() {
    Map<Refusal, Long> counts = new EnumMap<>(Refusal.class);
    dropped.forEach((reason, counter) -> counts.put(reason, (long) counter.count()));
    return counts;
  }

  Counter counter(Rejection reason) {
    return Objects.requireNonNull(rejections.get(reason));
  }

  AtomicInteger connections() {
    return connections;
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** A timer that takes many measurements at once, which Micrometer's does not; seen as one. */
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
