package io.larder.bench.wire;

import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.LatencyHistogram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/** Measures GETs of 4 KiB while others stream large values. */
final class TailLatency {
  private static final int STREAMS = 8;
  private static final int STREAMED_BYTES = 32 << 20;
  private static final int STREAMED_KEYS = 8;
  private static final int SMALL_BYTES = 4096;
  private static final double GOAL_MS = 10;
  private static final double GOAL_RATIO = 2;

  private final Target larder;
  private final Target bare;
  private final int rounds;
  private final long roundMs;

  TailLatency(Target larder, Target bare, int rounds, long roundMs) {
    this.larder = larder;
    this.bare = bare;
    this.rounds = rounds;
    this.roundMs = roundMs;
  }

  /** The bare server streams no faster than Larder did in the same round. */
  List<Figure> run() throws IOException, InterruptedException {
    load();
    sample(larder, Double.POSITIVE_INFINITY);
    List<Double> ours = new ArrayList<>();
    List<Double> theirs = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    List<Double> rates = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      Sample our = sample(larder, Double.POSITIVE_INFINITY);
      Sample their = sample(bare, our.bytesPerSecond);
      ours.add(our.p99Ms);
      theirs.add(their.p99Ms);
      ratios.add(our.p99Ms / their.p99Ms);
      rates.add(our.bytesPerSecond / 1e9);
    }
    return List.of(
        Figure.median("getP99WhileStreaming", ours, "ms", GOAL_MS, Better.lower),
        Figure.median("getP99WhileStreamingRatio", ratios, "1", GOAL_RATIO, Better.lower),
        Figure.median("getP99WhileStreamingRival", theirs, "ms", null, Better.lower),
        Figure.median("streamedMeanwhile", rates, "GB/s", null, Better.higher));
  }

  private record Sample(double p99Ms, double bytesPerSecond) {}

  private static String streamed(int i) {
    return "stream:" + STREAMED_BYTES + ":" + i;
  }

  private static String small() {
    return "small:" + SMALL_BYTES + ":0";
  }

  private void load() throws IOException {
    try (LeanClient client = larder.connect()) {
      for (int i = 0; i < STREAMED_KEYS; i++) {
        client.set(streamed(i), ByteBuffer.allocateDirect(STREAMED_BYTES));
      }
      client.set(small(), ByteBuffer.allocateDirect(SMALL_BYTES));
    }
  }

  private Sample sample(Target target, double mostBytesPerSecond)
      throws IOException, InterruptedException {
    AtomicBoolean over = new AtomicBoolean();
    LongAdder bytes = new LongAdder();
    LatencyHistogram latency = new LatencyHistogram();
    List<Future<?>> running = new ArrayList<>();
    long start = System.nanoTime();
    try (ExecutorService threads = Executors.newFixedThreadPool(STREAMS + 1)) {
      for (int i = 0; i < STREAMS; i++) {
        int number = i;
        running.add(
            threads.submit(() -> {
              try (LeanClient client = target.connect()) {
                long mine = 0;
                while (!over.get()) {
                  mine += client.get(streamed(number % STREAMED_KEYS));
                  bytes.add(STREAMED_BYTES);
                  pace(start, mine * STREAMS / mostBytesPerSecond);
                }
              }
              return null;
            }));
      }
      running.add(
          threads.submit(() -> {
            try (LeanClient client = target.connect()) {
              while (!over.get()) {
                long before = System.nanoTime();
                client.get(small());
                latency.record(System.nanoTime() - before);
              }
            }
            return null;
          }));
      Thread.sleep(roundMs);
      over.set(true);
      for (Future<?> one : running) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } finally {
      over.set(true);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Sample(latency.quantileMs(0.99), bytes.sum() / seconds);
  }

  private static void pace(long startNanos, double dueSeconds) {
    long early = startNanos + (long) (dueSeconds * 1e9) - System.nanoTime();
    if (early > 0) {
      LockSupport.parkNanos(Math.min(early, TimeUnit.SECONDS.toNanos(1)));
    }
  }
}
