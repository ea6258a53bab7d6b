package io.larder.bench;

import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Reads every stored block back after the last fault, each through another server than the one that
 * put it, and queries every node for its copies. A missing block is queried again until it is
 * found, or until all members, present and settled, have answered several times that they do not
 * hold it. For one thread.
 */
final class FinalAudit {
  /**
   * The result beside the evidence.
   *
   * @param settledMs the time until the cluster was settled
   * @param lateBlocks blocks that became readable only after the first attempt
   * @param lateBlockMaxMs the longest time of one of them
   * @param maxCopies the most nodes that hold one block
   */
  record Result(long settledMs, long lateBlocks, long lateBlockMaxMs, int maxCopies) {}

  private static final int SLICE = 256;
  private static final int HOLDERS_BATCH = 512;
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration SAY = Duration.ofSeconds(15);

  /** A query may miss a record that moves: one answer is no proof. */
  private static final int TIMES_NOWHERE = 3;

  private final Cluster cluster;
  private final Fleet fleet;
  private final Ledger ledger;
  private final String keyPrefix;
  private final NodeAccounts accounts;
  private final Evidence evidence;
  private final LoadCounters counters;
  private final Progress progress;
  private final long startNanos = System.nanoTime();
  private final long deadlineNanos;
  private long saidNanos = startNanos;

  FinalAudit(
      Cluster cluster,
      Fleet fleet,
      Ledger ledger,
      String keyPrefix,
      NodeAccounts accounts,
      Evidence evidence,
      LoadCounters counters,
      Duration patience,
      Progress progress) {
    this.cluster = cluster;
    this.fleet = fleet;
    this.ledger = ledger;
    this.keyPrefix = keyPrefix;
    this.accounts = accounts;
    this.evidence = evidence;
    this.counters = counters;
    this.progress = progress;
    this.deadlineNanos = startNanos + patience.toNanos();
  }

  Result run() throws InterruptedException {
    boolean settled = awaitSettled();
    long settledMs = passedMs();
    progress.say("reading back all %,d stored blocks".formatted(ledger.size()));
    List<Long> all = ledger.ids();
    Set<Long> missing = new LinkedHashSet<>();
    try (Progress.Task task = progress.task("blocks read back", all.size())) {
      missing.addAll(unread(all, task));
    }
    missing.addAll(unheld(all));
    long late = missing.size();
    long lateMaxMs = 0;
    Map<Long, Integer> nowhere = new HashMap<>();
    List<Long> gone = new ArrayList<>();
    while (!missing.isEmpty() && left()) {
      Thread.sleep(LOOK);
      say("%,d stored blocks are not readable yet", missing.size());
      settled |= cluster.isSettled();
      List<Long> asked = List.copyOf(missing);
      Set<Long> unread = new HashSet<>(unread(asked, Progress.SILENT.task("", 0)));
      Holders holders = holders(asked);
      boolean proof = cluster.isSettled() && cluster.ended().containsAll(holders.silent());
      for (int i = 0; i < asked.size(); i++) {
        long id = asked.get(i);
        boolean held = holders.counts().get(i) > 0;
        if (held && !unread.contains(id)) {
          missing.remove(id);
          lateMaxMs = passedMs();
        } else if (held || !unread.contains(id) || !proof) {
          nowhere.remove(id);
        } else if (nowhere.merge(id, 1, Integer::sum) >= TIMES_NOWHERE) {
          missing.remove(id);
          gone.add(id);
        }
      }
    }
    judge(gone, missing, settled);
    return new Result(settledMs, late - gone.size() - missing.size(), lateMaxMs, maxCopies(all));
  }

  private boolean awaitSettled() throws InterruptedException {
    while (!cluster.isSettled()) {
      if (!left()) {
        return false;
      }
      say("waiting until every slot has an owner that has heard what the nodes hold", 0);
      Thread.sleep(LOOK);
    }
    return true;
  }

  private void judge(List<Long> gone, Set<Long> unread, boolean settled)
      throws InterruptedException {
    accounts.look(cluster.accounts());
    evidence.gone(gone.stream().map(this::key).toList(), accounts.gone(), cluster.ended());
    List<Long> ids = List.copyOf(unread);
    Holders holders = holders(ids);
    Set<String> missing = new HashSet<>(cluster.ended());
    missing.addAll(holders.silent());
    if (!missing.isEmpty()) {
      evidence.unknown(ids.stream().map(this::key).toList(), missing);
      return;
    }
    if (!settled) {
      evidence.broken(
          BrokenPromise.NEVER_SETTLED,
          "the cluster",
          "after %d s some slots have no owner that has heard what the nodes hold"
              .formatted(passedMs() / 1_000));
    }
    for (int i = 0; i < ids.size(); i++) {
      evidence.broken(
          BrokenPromise.NEVER_SETTLED,
          key(ids.get(i)),
          "%d nodes hold it and it is still not readable after %d s"
              .formatted(holders.counts().get(i), passedMs() / 1_000));
    }
  }

  /**
   * Counts copies. Nodes are queried one after the other, and a record that moves has two copies
   * for a moment: keys with several are queried again.
   */
  private int maxCopies(List<Long> all) throws InterruptedException {
    List<Long> several = all;
    while (true) {
      Holders holders = holders(several);
      int max = holders.counts().stream().mapToInt(Integer::intValue).max().orElse(0);
      List<Long> more = new ArrayList<>();
      for (int i = 0; i < several.size(); i++) {
        if (holders.counts().get(i) > 1) {
          more.add(several.get(i));
        }
      }
      if (more.isEmpty()) {
        return max;
      }
      if (!left()) {
        for (long id : more) {
          evidence.broken(
              BrokenPromise.TWO_COPIES,
              key(id),
              "more than one node holds it %d s after the last fault"
                  .formatted(passedMs() / 1_000));
        }
        return max;
      }
      say("%,d blocks have two copies yet", more.size());
      several = more;
      Thread.sleep(LOOK);
    }
  }

  /** The blocks that their readers did not find. */
  private List<Long> unread(List<Long> ids, Progress.Task task) throws InterruptedException {
    ConcurrentLinkedQueue<Long> missing = new ConcurrentLinkedQueue<>();
    fleet.together((server, _) -> {
      int writer = writerReadBy(server.salt(), fleet.size());
      List<Long> mine = ids.stream().filter(id -> ledger.writerOf(id) == writer).toList();
      for (int from = 0; from < mine.size(); from += SLICE) {
        List<Long> slice = mine.subList(from, Math.min(from + SLICE, mine.size()));
        List<Long> absent = server.fetch(slice, counters, false);
        missing.addAll(absent);
        task.step(slice.size() - absent.size());
      }
    });
    return new ArrayList<>(missing);
  }

  /** The blocks on no node's device: another node's memory may still answer for a minute. */
  private List<Long> unheld(List<Long> ids) throws InterruptedException {
    Holders holders = holders(ids);
    List<Long> unheld = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      if (holders.counts().get(i) == 0) {
        unheld.add(ids.get(i));
      }
    }
    return unheld;
  }

  private Holders holders(List<Long> ids) throws InterruptedException {
    List<String> keys = ids.stream().map(this::key).toList();
    List<Integer> counts = new ArrayList<>();
    Set<String> silent = new HashSet<>();
    for (int from = 0; from < keys.size(); from += HOLDERS_BATCH) {
      Holders batch =
          cluster.holders(keys.subList(from, Math.min(from + HOLDERS_BATCH, keys.size())));
      counts.addAll(batch.counts());
      silent.addAll(batch.silent());
    }
    return new Holders(counts, silent);
  }

  private String key(long id) {
    return keyPrefix + id;
  }

  private boolean left() {
    return System.nanoTime() - deadlineNanos < 0;
  }

  private long passedMs() {
    return (System.nanoTime() - startNanos) / 1_000_000;
  }

  private void say(String what, int count) {
    if (System.nanoTime() - saidNanos > SAY.toNanos()) {
      saidNanos = System.nanoTime();
      progress.say(what.formatted(count) + ", after " + passedMs() / 1_000 + " s");
    }
  }

  /** Server s reads the blocks of server s − 1; salts count from 1. */
  private static int writerReadBy(int salt, int servers) {
    return salt == 1 ? servers : salt - 1;
  }
}
