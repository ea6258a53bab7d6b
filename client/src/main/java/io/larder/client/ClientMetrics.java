package io.larder.client;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Every meter of the client; a registry without a back end costs next to nothing. */
final class ClientMetrics {
  private final MeterRegistry registry;
  private final ConcurrentHashMap<String, Timer> timers = new ConcurrentHashMap<>();
  final Counter checksumFailures;
  final Counter retries;
  final Counter failedReads;
  final Counter brokenOffReads;
  final Counter readBytes;
  final Counter writtenBytes;

  ClientMetrics(MeterRegistry registry) {
    this.registry = registry;
    checksumFailures =
        counter("larder.client.checksum.failures", "Blocks rejected because of their checksum");
    retries = counter("larder.client.retries", "Calls sent to a second or third node");
    failedReads =
        counter(
            "larder.client.reads.failed", "Reads answered as a miss because no node served them");
    brokenOffReads =
        counter("larder.client.reads.broken", "Reads that the node broke off, answered as a miss");
    readBytes = counter("larder.client.read.bytes", "Bytes of blocks received");
    writtenBytes = counter("larder.client.written.bytes", "Bytes of blocks stored");
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  void gauge(String name, Supplier<Number> value) {
    Gauge.builder(name, value).register(registry);
  }

  /** Records one call's duration by command and outcome. */
  void record(String command, Enum<?> outcome, long startNanos) {
    record(command, outcome.name().toLowerCase(Locale.ROOT), startNanos);
  }

  void record(String command, String outcome, long startNanos) {
    timers
        .computeIfAbsent(
            command + "/" + outcome,
            unused ->
                Timer.builder("larder.client.command.duration")
                    .tag("command", command)
                    .tag("outcome", outcome)
                    .register(registry))
        .record(System.nanoTime() - startNanos, TimeUnit.NANOSECONDS);
  }
}
