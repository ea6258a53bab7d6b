package io.larder.node.bench.wire;

import io.larder.node.bench.Figure;
import io.larder.node.bench.Figure.Better;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Values from 1 MiB on, GET of values in memory and SET of new keys, by {@link LeanClient}s. Keys
 * name the value's length, as the bare server needs it.
 */
final class LargeValues {
  private static final int KEYS_BYTES = 256 << 20;
  private static final double GIB = 1L << 30;

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
    List<Double> cpu = new ArrayList<>();
    List<Double> rivalCpu = new ArrayList<>();
    load(larder, bytes);
    load(rival, bytes);
    List<Figure> figures =
        new ArrayList<>(
            Duel.run(
                name,
                "GB/s",
                rounds,
                goal,
                () -> gets(larder, bytes, connections, cpu),
                () -> gets(rival, bytes, connections, rivalCpu)));
    figures.add(cpuFigure(name + "ServerCpu", cpu));
    figures.add(cpuFigure(name + "RivalServerCpu", rivalCpu));
    return figures;
  }

  List<Figure> set(String name, int bytes, int connections, Target rival, double goal)
      throws IOException, InterruptedException {
    List<Double> cpu = new ArrayList<>();
    List<Double> rivalCpu = new ArrayList<>();
    List<Figure> figures =
        new ArrayList<>(
            Duel.run(
                name,
                "GB/s",
                rounds,
                goal,
                () -> sets(larder, bytes, connections, cpu),
                () -> sets(rival, bytes, connections, rivalCpu)));
    figures.add(cpuFigure(name + "ServerCpu", cpu));
    figures.add(cpuFigure(name + "RivalServerCpu", rivalCpu));
    return figures;
  }

  /**
   * Writes new keys until the device has been written to all over, since a file's first touch is
   * slow; half of them small, so that the node's code has run often enough to be compiled.
   */
  void fill(long bytes) throws IOException, InterruptedException {
    for (int each : List.of(64 << 10, 4 << 20)) {
      double _ = Load.seconds(4, (int) (bytes / 2 / each), () -> new Sets(larder.connect(), each));
    }
  }

  private static Figure cpuFigure(String name, List<Double> rounds) {
    return Figure.median(name, rounds, "s/GiB", null, Better.lower);
  }

  /** Of a value to be read, by its length and number. */
  static String key(int bytes, int number) {
    return "get:" + bytes + ":" + number;
  }

  private static int keys(int bytes) {
    return KEYS_BYTES / bytes;
  }

  private void load(Target target, int bytes) throws IOException {
    try (LeanClient client = target.connect()) {
      for (int i = 0; i < keys(bytes); i++) {
        client.set(key(bytes, i), value.duplicate().limit(bytes));
      }
    }
  }

  private double gets(Target target, int bytes, int connections, List<Double> cpuPerGib)
      throws IOException, InterruptedException {
    int operations = (int) (bytesPerRun / bytes);
    return measured(
        target,
        (long) operations * bytes,
        cpuPerGib,
        () ->
            Load.seconds(
                connections, operations, () -> new Gets(target.connect(), bytes, keys(bytes))));
  }

  private double sets(Target target, int bytes, int connections, List<Double> cpuPerGib)
      throws IOException, InterruptedException {
    int operations = (int) (bytesPerRun / bytes);
    return measured(
        target,
        (long) operations * bytes,
        cpuPerGib,
        () -> Load.seconds(connections, operations, () -> new Sets(target.connect(), bytes)));
  }

  private interface Run {
    double seconds() throws IOException, InterruptedException;
  }

  private static double measured(Target target, long bytes, List<Double> cpuPerGib, Run run)
      throws IOException, InterruptedException {
    double before = target.cpuSeconds();
    double seconds = run.seconds();
    cpuPerGib.add((target.cpuSeconds() - before) / (bytes / GIB));
    return bytes / seconds / 1e9;
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
