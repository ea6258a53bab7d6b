package io.larder.bench.faults;

import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Byte-counting clients, four beside each node, each on a thread, over all rounds: of both kinds,
 * for values of one length and of several. Their puts are accepted, not stored: they are not in the
 * history, and only their reads are judged.
 */
final class CountingLoad implements AutoCloseable {
  private static final List<CountedKeys> KEYS =
      List.of(
          new CountedKeys("counted-one-length-", 0, List.of(16 << 10)),
          new CountedKeys(
              "counted-lengths-", 1, List.of(1 << 10, 16 << 10, 4 << 10, 300 << 10, 1_000)));

  private final CountedTotals totals = new CountedTotals();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<Thread> threads = new ArrayList<>();

  private CountingLoad() {}

  /** Starts the clients. */
  static CountingLoad start(
      LocalCluster cluster, SplittableRandom random, Evidence evidence, StallWatch stalls) {
    CountingLoad load = new CountingLoad();
    for (LocalNode node : cluster.nodes()) {
      for (CountedKeys keys : KEYS) {
        for (Reading reading : Reading.values()) {
          load.run(
              new CountingWorker(
                  cluster, node, reading, keys, random.split(), evidence, stalls, load.totals));
        }
      }
    }
    return load;
  }

  private void run(CountingWorker worker) {
    threads.add(
        Thread.ofPlatform()
            .daemon()
            .name(worker.name())
            .start(() -> {
              try {
                worker.run(stopping::get);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
              }
            }));
  }

  CountedTotals totals() {
    return totals;
  }

  /**
   * Ends the load after the calls in flight have ended, by their deadlines at the latest.
   *
   * @throws IllegalStateException if a client failed otherwise than by an outcome
   */
  @Override
  public void close() {
    stopping.set(true);
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a byte-counting client failed: " + cause, cause);
    }
  }
}
