package io.larder.node.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
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
  private final List<Map<Outcome, Timer>> commands = new ArrayList<>();

  private final Map<Rejection, Counter> rejections = new EnumMap<>(Rejection.class);
  private final AtomicInteger connections = new AtomicInteger();

  final Counter connectionsTotal;
  final Counter bytesIn;
  final Counter bytesOut;
  final Counter commandsTotal;
  private final LongAdder readHits = new LongAdder();
  private final LongAdder readMisses = new LongAdder();

  ServerMetrics(MeterRegistry registry, CommandTable table) {
    for (CommandSpec spec : table.all()) {
      Map<Outcome, Timer> timers = new EnumMap<>(Outcome.class);
      commands.add(timers);
      for (Outcome outcome : spec.outcomes()) {
        timers.put(
            outcome,
            Timer.builder("larder.command")
                .description("Time from a command's last byte to its reply's")
                .tag("command", spec.name().toLowerCase(Locale.ROOT))
                .tag("outcome", label(outcome))
                .register(registry));
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
    registry.gauge("larder.connections", connections);
    connectionsTotal = registry.counter("larder.connections.accepted");
    bytesIn = registry.counter("larder.received.bytes");
    bytesOut = registry.counter("larder.sent.bytes");
    commandsTotal = registry.counter("larder.commands.processed");
  }

  void record(CommandSpec spec, Outcome outcome, long nanos) {
    Timer timer = commands.get(spec.ordinal()).get(outcome);
    if (timer != null) {
      timer.record(nanos, TimeUnit.NANOSECONDS);
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

  Counter counter(Rejection reason) {
    return Objects.requireNonNull(rejections.get(reason));
  }

  AtomicInteger connections() {
    return connections;
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
