package io.larder.node.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The main job from end to end: replay a trace, send the herd, kill a node and bring it back, then
 * read every acknowledged block once more and count its copies.
 */
public final class Demo {
  private static final int COPIES_BATCH = 512;
  private static final Duration COPIES_PAUSE = Duration.ofMillis(200);

  private Demo() {}

  /**
   * Runs all stages.
   *
   * @param keyPrefix of every key of this run; one that the cluster has not seen
   * @param crash the node to kill, or null to kill none
   * @throws IOException if a stage cannot be carried out; broken promises are in the report instead
   */
  public static DemoReport run(
      Trace trace,
      DemoOptions options,
      Cluster cluster,
      String keyPrefix,
      Outage.@Nullable Crash crash,
      Progress progress)
      throws IOException, InterruptedException {
    Ledger ledger = new Ledger();
    List<BlockCache> caches = new ArrayList<>();
    List<InferenceServer> servers = new ArrayList<>();
    try {
      for (int i = 0; i < options.servers(); i++) {
        BlockCache cache = cluster.attach(i);
        caches.add(cache);
        servers.add(new InferenceServer(i + 1, keyPrefix, options.blockBytes(), cache, ledger));
      }
      try (Fleet fleet = new Fleet(servers)) {
        return stages(trace, options, cluster, keyPrefix, crash, progress, ledger, fleet);
      }
    } finally {
      caches.forEach(BlockCache::close);
    }
  }

  private static DemoReport stages(
      Trace trace,
      DemoOptions options,
      Cluster cluster,
      String keyPrefix,
      Outage.@Nullable Crash crash,
      Progress progress,
      Ledger ledger,
      Fleet fleet)
      throws IOException, InterruptedException {
    progress.say(
        "replaying %,d requests (%,d block lookups, %,d different blocks) of the %s"
            .formatted(
                trace.requests().size(), trace.lookups(), trace.distinctBlocks(), trace.name()));
    Tally replay = new Tally();
    double seconds = Replay.requests(fleet, trace, replay, progress);

    Tally herd = new Tally();
    if (options.herdBlocks() > 0) {
      progress.say(
          "herd: %d servers want the same %d new blocks at once"
              .formatted(fleet.size(), options.herdBlocks()));
      Replay.herd(fleet, options.herdBlocks(), herd);
    }

    Tally underFire = new Tally();
    Outage.Result outage = null;
    long evictedBefore = 0;
    if (crash != null) {
      progress.say("kill -9 of one node under load, then its restart");
      // The counter of the process to be killed goes with it.
      evictedBefore = cluster.evictions();
      outage = Outage.run(crash, fleet, ledger, underFire);
      progress.say(
          "ready again after %,d ms with %,d blocks; %,d puts were acknowledged meanwhile"
              .formatted(
                  outage.recoveryMs(), outage.recoveredBlocks(), outage.acknowledgedMeanwhile()));
    }

    progress.say("reading back all %,d acknowledged blocks".formatted(ledger.size()));
    Tally readBack = new Tally();
    List<Long> lost = ReadBack.all(fleet, ledger, options.patience(), readBack, progress);
    int maxCopies = maxCopies(cluster, keyPrefix, ledger, options.patience());

    List<Tally> all = List.of(replay, herd, underFire, readBack);
    return new DemoReport(
        trace.requests().size(),
        replay.lookups.sum(),
        replay.hits(),
        ratio(replay.hits(), replay.lookups.sum()),
        trace.idealHitRatio(),
        replay.hitsHot.sum(),
        replay.hitsDevice.sum(),
        replay.hitsPeer.sum(),
        replay.computed.sum(),
        replay.stored.sum(),
        replay.suppressed.sum() + herd.suppressed.sum(),
        (replay.suppressed.sum() + herd.suppressed.sum()) * options.blockBytes(),
        replay.bytesRead.sum(),
        replay.bytesWritten.sum(),
        seconds,
        trace.requests().size() / seconds,
        replay.bytesRead.sum() / seconds,
        replay.bytesWritten.sum() / seconds,
        replay.gets.quantileMs(0.5),
        replay.gets.quantileMs(0.99),
        replay.puts.quantileMs(0.5),
        replay.puts.quantileMs(0.99),
        replay.failedCalls.sum() + herd.failedCalls.sum(),
        options.herdBlocks(),
        herd.computed.sum(),
        outage == null ? -1 : outage.recoveryMs(),
        outage == null ? 0 : outage.recoveredBlocks(),
        Math.max(evictedBefore, cluster.evictions()),
        ledger.size(),
        lost.size(),
        all.stream().mapToLong(tally -> tally.bytesVerified.sum()).sum(),
        all.stream().mapToLong(tally -> tally.mismatches.sum()).sum(),
        all.stream().mapToLong(tally -> tally.doubleAcknowledgements.sum()).sum(),
        maxCopies,
        options.blockBytes(),
        fleet.size(),
        cluster.nodes());
  }

  /**
   * Nodes are asked one after the other, and a record that moves has two copies for a moment: keys
   * with several are asked about again for a while.
   */
  private static int maxCopies(Cluster cluster, String keyPrefix, Ledger ledger, Duration patience)
      throws IOException, InterruptedException {
    List<String> keys = ledger.ids().stream().map(id -> keyPrefix + id).toList();
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      int max = 0;
      List<String> several = new ArrayList<>();
      for (int from = 0; from < keys.size(); from += COPIES_BATCH) {
        List<String> batch = keys.subList(from, Math.min(from + COPIES_BATCH, keys.size()));
        List<Integer> copies = cluster.copies(batch);
        for (int i = 0; i < batch.size(); i++) {
          max = Math.max(max, copies.get(i));
          if (copies.get(i) > 1) {
            several.add(batch.get(i));
          }
        }
      }
      if (several.isEmpty() || System.nanoTime() - deadline >= 0) {
        return max;
      }
      keys = several;
      Thread.sleep(COPIES_PAUSE);
    }
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
