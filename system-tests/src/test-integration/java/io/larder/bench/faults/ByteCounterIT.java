package io.larder.bench.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;
import io.larder.cli.process.ServiceProcess;
import io.larder.testing.Patience;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight byte-counting clients of one node, as LMCache has them, while every other part of a cluster
 * of processes fails: owners of slots, holders of values, ZooKeeper. Never the node they talk to.
 */
@Tag("integration")
class ByteCounterIT {
  /** How often each fault comes; more by hand. */
  private static final int ROUNDS = Integer.getInteger("larder.byteCounter.rounds", 1);

  private static final int WORKERS_OF_EACH_KIND = 2;
  private static final List<List<Integer>> LENGTHS =
      List.of(List.of(16 << 10), List.of(1 << 10, 16 << 10, 4 << 10, 300 << 10, 1_000));

  private static final Duration BETWEEN = Duration.ofSeconds(3);

  /** Past a link's silence, within a session. */
  private static final Duration BRIEFLY = Duration.ofSeconds(2);

  private static final Duration PAST_SESSION = LocalCluster.SESSION_TIMEOUT.plusSeconds(3);

  @TempDir Path dir;

  private final Evidence evidence = new Evidence();
  private final CountedTotals totals = new CountedTotals();
  private final List<OwnKeysWorker> workers = new ArrayList<>();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicBoolean calm = new AtomicBoolean(true);

  private LocalClusterOptions options() {
    return LocalClusterOptions.of(ServiceProcess.class)
        .dir(dir)
        .deviceBytes(2L << 30)
        .memoryBytes(128L << 20)
        .zooKeepers(3)
        .build();
  }

  @Test
  void noFaultOfAnyOtherPartPutsAByteCounterOutOfStepOrItsConnectionToAnEnd() throws Exception {
    try (LocalCluster cluster = LocalCluster.start(options(), _ -> {});
        StallWatch stalls = StallWatch.start();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      LocalNode own = cluster.nodes().getFirst();
      List<Future<?>> running = new ArrayList<>();
      try {
        connectAll(cluster, own, stalls);
        workers.forEach(worker -> running.add(threads.submit(() -> worker.work(stopping, calm))));
        for (int round = 0; round < ROUNDS; round++) {
          everyFault(cluster, round);
        }
      } finally {
        stopping.set(true);
      }
      for (Future<?> worker : running) {
        Patience.get(worker);
      }
      workers.forEach(OwnKeysWorker::sweep);
      long dropped = (long) cluster.scrape(own).sum("larder_puts_dropped_total");
      System.out.println(figures(dropped));

      assertThat(evidence.verdict().lines()).containsExactly("every promise was kept");
      assertThat(workers)
          .allSatisfy(
              worker -> assertThat(worker.last()).as(worker.name()).isIn(Outcome.YES, Outcome.NO));
      await()
          .untilAsserted(() ->
              assertThat(workers.stream().flatMap(worker -> worker.stillThere().stream()))
                  .as("there after their DEL was answered")
                  .isEmpty());
      assertThat(sum(OwnKeysWorker::vanished))
          .as("accepted and not there, none of which may be uncounted")
          .isLessThanOrEqualTo(dropped);
      for (OwnKeysWorker worker : workers) {
        await(worker.name()).until(worker::worksWithAFreshKey);
      }
    } finally {
      for (OwnKeysWorker worker : workers) {
        worker.close();
      }
    }
  }

  private void connectAll(LocalCluster cluster, LocalNode own, StallWatch stalls)
      throws IOException {
    List<LocalNode> others = cluster.nodes().subList(1, cluster.nodes().size());
    SplittableRandom random = new SplittableRandom();
    for (Reading reading : Reading.values()) {
      for (List<Integer> lengths : LENGTHS) {
        for (int i = 0; i < WORKERS_OF_EACH_KIND; i++) {
          int set = workers.size();
          String prefix = "%s-%d-".formatted(reading, set);
          workers.add(
              new OwnKeysWorker(
                  new CheckedCounter(
                      prefix + "client",
                      ByteCounter.connect(own.host(), own.port(), reading, Patience.limitMs()),
                      new CountedKeys(prefix, set, lengths),
                      evidence,
                      stalls,
                      totals),
                  others,
                  random.split()));
        }
      }
    }
  }

  private void everyFault(LocalCluster cluster, int round) throws Exception {
    String one = round % 2 == 0 ? "node-2" : "node-3";
    String other = round % 2 == 0 ? "node-3" : "node-2";
    during(
        cluster,
        () -> {
          cluster.kill(one);
          Thread.sleep(BRIEFLY);
          cluster.restart(one, _ -> {});
        });
    during(cluster, () -> freeze(cluster, List.of(other), BRIEFLY));
    during(cluster, () -> freeze(cluster, List.of(one), PAST_SESSION));
    during(cluster, () -> freeze(cluster, cluster.zooKeepers().subList(1, 3), PAST_SESSION));
    during(
        cluster,
        () -> {
          cluster.kill(other); // its slots get other owners
          Thread.sleep(PAST_SESSION);
          cluster.restart(other, _ -> {});
        });
  }

  private interface Strike {
    void run() throws Exception;
  }

  private void during(LocalCluster cluster, Strike strike) throws Exception {
    Thread.sleep(BETWEEN);
    calm.set(false);
    strike.run();
    await().until(cluster::isSettled);
    calm.set(true);
  }

  private static void freeze(LocalCluster cluster, List<String> processes, Duration time)
      throws Exception {
    for (String process : processes) {
      cluster.freeze(process);
    }
    try {
      Thread.sleep(time);
    } finally {
      for (String process : processes) {
        cluster.thaw(process);
      }
    }
  }

  private long sum(ToLongFunction<OwnKeysWorker> figure) {
    return workers.stream().mapToLong(figure).sum();
  }

  private String figures(long dropped) {
    return ("Byte counters: %,d calls, %,d values read, %,d puts accepted, %,d of them dropped"
            + " (%,d seen), %,d nils after EXISTS 1, %,d deletes answered, %,d not in time"
            + " (%,d keys of those read later), %,d keys read for a moment after a delete in time,"
            + " longest call %,d ms")
        .formatted(
            totals.calls(),
            totals.read(),
            totals.accepted(),
            dropped,
            sum(OwnKeysWorker::vanished),
            totals.nilsAfterExists(),
            sum(OwnKeysWorker::deletesInTime),
            sum(OwnKeysWorker::deletesTooLate),
            sum(OwnKeysWorker::returnedTooLate),
            sum(OwnKeysWorker::returned),
            totals.longestMs());
  }
}
