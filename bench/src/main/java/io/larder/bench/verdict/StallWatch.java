package io.larder.bench.verdict;

import java.util.concurrent.TimeUnit;

/**
 * Measures the stalls of this process: a thread repeats short sleeps and sums up by how much each
 * was too long. An answer that seems late in such a time may have arrived in time. Thread-safe.
 */
public final class StallWatch implements AutoCloseable {
  private static final long BEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Shorter delays are the granularity of sleep. */
  private static final long NOTED_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Thread thread;
  private long lastBeatNanos = System.nanoTime();
  private long stalledNanos;

  private StallWatch() {
    thread = Thread.ofPlatform().daemon().name("stall-watch").unstarted(this::beat);
  }

  /** Watches from now until it is closed. */
  public static StallWatch start() {
    StallWatch watch = new StallWatch();
    watch.thread.start();
    return watch;
  }

  /** The sum of all stalls so far, a present one included. */
  public synchronized long totalNanos() {
    return stalledNanos + overslept(System.nanoTime());
  }

  private void beat() {
    try {
      while (true) {
        Thread.sleep(BEAT_NANOS / 1_000_000);
        synchronized (this) {
          long now = System.nanoTime();
          stalledNanos += overslept(now);
          lastBeatNanos = now;
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private long overslept(long now) {
    long late = now - lastBeatNanos - BEAT_NANOS;
    return late > NOTED_NANOS ? late : 0;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
