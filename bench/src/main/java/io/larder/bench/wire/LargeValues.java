package io.larder.bench.wire;

import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Values from 1 MiB on, GET of values in memory and SET of new keys, by {@link LeanClient}s. Keys
 * name the value's length, as the bare server needs it.
 */
final class LargeValues {
  private static final int KEYS_BYTES = 256 << 20;
  private static final double GIB = 1L << 30;
  private static final int LOAD_PASSES = 4;
  private static final long REDIS_AGE_MS = 1_000;

  private final Target larder;
  private final int rounds;
  private final long bytesPerRun;
  private final AtomicInteger fresh = new AtomicInteger();
  private final ByteBuffer value = ByteBuffer.allocateDirect(32 << 20);

  LargeValues(Target larder, int rounds, long bytesPerRun) {
    this.larder = larder;
    this.rounds = rounds;
    this.bytesPerRun = bytesPerRun;
    while (value.hasRemaining()) {
      value.putLong(ThreadLocalRandom.current().nextLong());
    }
    value.flip();
  }

  List<Figure> get(String name, int bytes, int connections, Target rival, double goal)
      throws IOException, InterruptedException {
    load(larder, bytes, connections);
    load(rival, bytes, connections);
    return compare(
        name,
        bytes,
        connections,
        rival,
        goal,
        target -> new Gets(target.connect(), bytes, keys(bytes)));
  }

  List<Figure> set(String name, int bytes, int connections, Target rival, double goal)
      throws IOException, InterruptedException {
    return compare(
        name, bytes, connections, rival, goal, target -> new Sets(target.connect(), bytes));
  }

  private interface Opening {
    Load.Connection open(Target target) throws IOException;
  }

  private List<Figure> compare(
      String name, int bytes, int connections, Target rival, double goal, Opening opening)
      throws IOException, InterruptedException {
    List<Double> cpu = new ArrayList<>();
    List<Double> rivalCpu = new ArrayList<>();
    List<Figure> figures =
        new ArrayList<>(
            RateComparison.run(
                name,
                "GB/s",
                rounds,
                goal,
                () -> rate(larder, bytes, connections, opening, cpu),
                () -> rate(rival, bytes, connections, opening, rivalCpu)));
    figures.add(cpuFigure(name + "ServerCpu", cpu));
    figures.add(cpuFigure(name + "RivalServerCpu", rivalCpu));
    return figures;
  }

  /**
   * Writes new keys until the whole device has been written, because a file's first touch is slow;
   * half of them small, so that the node's code is compiled.
   */
  void fillDevice(long bytes) throws IOException, InterruptedException {
    fill(larder, bytes / 2, 64 << 10);
    fill(larder, bytes / 2, 4 << 20);
  }

  /** Writes new keys until the rival's whole memory has been written, for the same reason. */
  void fillMemory(Target rival, long bytes) throws IOException, InterruptedException {
    fill(rival, bytes, 4 << 20);
  }

  private void fill(Target target, long bytes, int each) throws IOException, InterruptedException {
    Load.seconds(4, (int) (bytes / each), () -> new Sets(target.connect(), each));
  }

  /** The last rounds, which count; those before warm up. */
  private Figure cpuFigure(String name, List<Double> runs) {
    List<Double> counted = runs.subList(runs.size() - rounds, runs.size());
    return Figure.median(name, counted, "s/GiB", null, Better.lower);
  }

  /** The key of a value to read, by its length and number. */
  static String key(int bytes, int number) {
    return "get:" + bytes + ":" + number;
  }

  private static int keys(int bytes) {
    return KEYS_BYTES / bytes;
  }

  /**
   * Writes the keys to read and verifies them, by as many connections as will read: a full Redis
   * evicts by ages in whole seconds of a few keys drawn at random, now and then one that has just
   * been written, and replies under way count as memory.
   *
   * @throws IOException if some are still missing after a few passes
   */
  void load(Target target, int bytes, int connections) throws IOException, InterruptedException {
    Set<Integer> missing = IntStream.range(0, keys(bytes)).boxed().collect(Collectors.toSet());
    for (int pass = 0; pass < LOAD_PASSES; pass++) {
      if (pass > 0) {
        Thread.sleep(REDIS_AGE_MS);
      }
      try (LeanClient client = target.connect()) {
        for (int i : missing) {
          client.set(key(bytes, i), value.duplicate().limit(bytes));
        }
      }
      missing = missing(target, bytes, connections);
      if (missing.isEmpty()) {
        return;
      }
    }
    throw new IOException(
        "%s misses %d of %d values of %d bytes, written %d times: has it the memory for them?"
            .formatted(target.name(), missing.size(), keys(bytes), bytes, LOAD_PASSES));
  }

  private static Set<Integer> missing(Target target, int bytes, int connections)
      throws IOException, InterruptedException {
    Set<Integer> missing = ConcurrentHashMap.newKeySet();
    Load.seconds(connections, keys(bytes), () -> new Looks(target.connect(), bytes, missing));
    return missing;
  }

  private double rate(
      Target target, int bytes, int connections, Opening opening, List<Double> cpuPerGib)
      throws IOException, InterruptedException {
    int operations = (int) (bytesPerRun / bytes);
    long total = (long) operations * bytes;
    double before = target.cpuSeconds();
    double seconds = Load.seconds(connections, operations, () -> opening.open(target));
    cpuPerGib.add((target.cpuSeconds() - before) / (total / GIB));
    return total / seconds / 1e9;
  }

  /** GETs that collect the missing keys. */
  private record Looks(LeanClient client, int bytes, Set<Integer> missing)
      implements Load.Connection {
    @Override
    public void run(int number) throws IOException {
      if (client.get(key(bytes, number)) != bytes) {
        missing.add(number);
      }
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  /** GETs of loaded keys, each of which must be a hit. */
  record Gets(LeanClient client, int bytes, int keys) implements Load.Connection {
    @Override
    public void run(int operation) throws IOException {
      String key = key(bytes, operation % keys);
      long length = client.get(key);
      if (length != bytes) {
        throw new IOException(client + ": " + key + " has " + length + " bytes, not " + bytes);
      }
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  private final class Sets implements Load.Connection {
    private final LeanClient client;
    private final ByteBuffer own;
    private final int bytes;

    Sets(LeanClient client, int bytes) {
      this.client = client;
      this.bytes = bytes;
      this.own = value.duplicate().limit(bytes);
    }

    @Override
    public void run(int operation) throws IOException {
      client.set("new:" + bytes + ":" + fresh.incrementAndGet(), own);
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }
}
