package io.larder.bench.faults;

import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Patience;
import io.larder.bench.verdict.StallWatch;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * A byte-counting client beside one node. It keeps its connection as long as the node's process
 * lives; one that ends before is a <i>hang</i>: such a client never connects again, so none of its
 * calls is ever answered. When the process has ended it connects to the next one, like a restarted
 * engine.
 */
final class CountingWorker {
  private static final int KEYS = 512;

  /** One of so many keys may be deleted. */
  private static final int DELETABLE = 5;

  private static final long PAUSE_MS = 48;
  private static final long RETRY_MS = 100;

  /** Longer than a hang, by more than the longest freeze of a node. */
  private static final int TIMEOUT_MS =
      (int) CheckedCounter.HANGS.plus(Duration.ofSeconds(30)).toMillis();

  private final LocalCluster cluster;
  private final LocalNode node;
  private final Reading reading;
  private final CountedKeys keys;
  private final SplittableRandom random;
  private final Evidence evidence;
  private final StallWatch stalls;
  private final CountedTotals totals;

  CountingWorker(
      LocalCluster cluster,
      LocalNode node,
      Reading reading,
      CountedKeys keys,
      SplittableRandom random,
      Evidence evidence,
      StallWatch stalls,
      CountedTotals totals) {
    this.cluster = cluster;
    this.node = node;
    this.reading = reading;
    this.keys = keys;
    this.random = random;
    this.evidence = evidence;
    this.stalls = stalls;
    this.totals = totals;
  }

  String name() {
    return "byte counter (%s, %s) of %s".formatted(reading, keys.prefix(), node.nodeId());
  }

  /** Works until it is stopped, or its connection is unusable. */
  void run(BooleanSupplier stopping) throws InterruptedException {
    boolean goesOn = true;
    while (goesOn && !stopping.getAsBoolean()) {
      long process = cluster.pid(node);
      try (CheckedCounter client =
          new CheckedCounter(
              name(),
              ByteCounter.connect(node.host(), node.port(), reading, TIMEOUT_MS),
              keys,
              evidence,
              stalls,
              totals)) {
        if (cluster.pid(node) == process) {
          goesOn = work(client, process, stopping);
        }
      } catch (IOException e) {
        Thread.sleep(RETRY_MS); // no listener there now
      }
    }
  }

  /** Returns whether to connect anew. */
  private boolean work(CheckedCounter client, long process, BooleanSupplier stopping)
      throws InterruptedException {
    while (client.isInStep()) {
      if (stopping.getAsBoolean()) {
        return false;
      }
      step(client);
      Thread.sleep(random.nextLong(PAUSE_MS));
    }
    if (client.last() != Outcome.DEAD) {
      return false;
    }
    if (!ends(process)) {
      evidence.broken(
          BrokenPromise.HANG,
          keys.prefix(),
          "%s: the node closed its connection, though the node's process went on"
              .formatted(name()));
      return false;
    }
    totals.connectedAnewOnce();
    return true;
  }

  private void step(CheckedCounter client) {
    int number = random.nextInt(KEYS);
    int deletable = number / DELETABLE * DELETABLE;
    int dice = random.nextInt(100);
    if (dice < 30) {
      client.set(number);
    } else if (dice < 60) {
      client.existsThenGet(number, number == deletable);
    } else if (dice < 94) {
      client.get(number);
    } else {
      client.delete(deletable);
    }
  }

  /** Waits for the end of the process, which closes its connections first when stopped. */
  private boolean ends(long process) throws InterruptedException {
    long deadline = System.nanoTime() + Patience.HANG.toNanos();
    while (cluster.pid(node) == process && !cluster.ended().contains(node.nodeId())) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.sleep(RETRY_MS);
    }
    return true;
  }
}
