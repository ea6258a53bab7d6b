package io.larder.bench.wire;

import io.larder.bench.Figure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Values of 4 KiB, by redis-benchmark. */
final class SmallValues {
  private static final int BYTES = 4096;
  private static final int KEYS = 10_000;
  private static final double HITS = 0.999;

  private final Target larder;
  private final Target redis;
  private final int rounds;

  SmallValues(Target larder, Target redis, int rounds) {
    this.larder = larder;
    this.redis = redis;
    this.rounds = rounds;
  }

  /** Writes every key that redis-benchmark will read. */
  void load() throws IOException {
    for (Target target : List.of(larder, redis)) {
      try (LeanClient client = target.connect()) {
        for (int i = 0; i < KEYS; i++) {
          client.set("key:%012d".formatted(i), ByteBuffer.allocateDirect(BYTES));
        }
      }
    }
  }

  List<Figure> get(int pipeline, int requests) throws IOException, InterruptedException {
    return compare(
        pipeline == 1 ? "get4KiB" : "get4KiBPipeline" + pipeline,
        redis,
        1.0,
        target -> hits(target, requests, () -> gets(target, pipeline, requests)));
  }

  List<Figure> exists(int pipeline, int requests) throws IOException, InterruptedException {
    return compare(
        "existsPipeline" + pipeline,
        redis,
        1.0,
        target ->
            benchmark(
                target, "-P", "" + pipeline, "-n", "" + requests, "exists", "key:__rand_int__"));
  }

  /**
   * SET onto the device against a Redis that writes its log.
   *
   * @param appending a Redis with {@code appendonly yes}
   */
  List<Figure> set(Target appending, int requests) throws IOException, InterruptedException {
    return compare(
        "set4KiB",
        appending,
        0.8,
        target ->
            benchmarkOf(
                target, 100L * requests, "-d", "" + BYTES, "-n", "" + requests, "-t", "set"));
  }

  private interface Work {
    double rate(Target target) throws IOException, InterruptedException;
  }

  private List<Figure> compare(String name, Target rival, double goal, Work work)
      throws IOException, InterruptedException {
    return RateComparison.run(
        name, "requests/s", rounds, goal, () -> work.rate(larder), () -> work.rate(rival));
  }

  private double gets(Target target, int pipeline, int requests)
      throws IOException, InterruptedException {
    return benchmark(target, "-P", "" + pipeline, "-n", "" + requests, "-t", "get");
  }

  /** A GET that finds nothing is fast and proves nothing. */
  private static double hits(Target target, int requests, RateComparison.Side work)
      throws IOException, InterruptedException {
    long before = keyspaceHits(target);
    double rate = work.rate();
    long hits = keyspaceHits(target) - before;
    if (hits < HITS * requests) {
      throw new IOException(
          target.name() + ": " + hits + " of " + requests + " GETs were hits: the run is void");
    }
    return rate;
  }

  private static long keyspaceHits(Target target) throws IOException, InterruptedException {
    return Rival.run("redis-cli", "-p", "" + target.port(), "info", "stats")
        .lines()
        .filter(line -> line.startsWith("keyspace_hits:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElseThrow(() -> new IOException(target.name() + " does not tell keyspace_hits"));
  }

  private static double benchmark(Target target, String... arguments)
      throws IOException, InterruptedException {
    return benchmarkOf(target, KEYS, arguments);
  }

  private static double benchmarkOf(Target target, long keys, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("redis-benchmark", "-p", "" + target.port(), "-c", "50", "--csv", "-r"));
    command.add("" + keys);
    command.addAll(List.of(arguments));
    String output = Rival.run(command.toArray(String[]::new));
    // "test","rps","avg_latency_ms",… and a line of values
    String last = output.lines().filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("");
    String[] fields = last.split("\",\"", -1);
    try {
      return Double.parseDouble(fields[1].replace("\"", ""));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new IOException("redis-benchmark printed: " + output, e);
    }
  }
}
