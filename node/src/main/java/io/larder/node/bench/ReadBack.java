package io.larder.node.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Reads every acknowledged block once more, each through another server than the one that put it. A
 * miss is asked again for a while: just after a failover a lookup may be answered "not here", which
 * a cache may do; lost is what does not come back.
 */
final class ReadBack {
  private static final int SLICE = 256;

  private ReadBack() {}

  /** Returns the blocks that could not be read within {@code patience}. */
  static List<Long> all(
      Fleet fleet, Ledger ledger, Duration patience, Tally tally, Progress progress)
      throws InterruptedException {
    List<Long> missing = ledger.ids();
    long deadline = System.nanoTime() + patience.toNanos();
    try (Progress.Task task = progress.task("blocks read back", missing.size())) {
      missing = once(fleet, ledger, missing, tally, task);
      while (!missing.isEmpty() && System.nanoTime() < deadline) {
        Thread.sleep(200);
        missing = once(fleet, ledger, missing, tally, task);
      }
    }
    return missing;
  }

  private static List<Long> once(
      Fleet fleet, Ledger ledger, List<Long> ids, Tally tally, Progress.Task task)
      throws InterruptedException {
    ConcurrentLinkedQueue<Long> missing = new ConcurrentLinkedQueue<>();
    fleet.together((server, _) -> {
      int writer = writerReadBy(server.salt(), fleet.size());
      List<Long> mine = ids.stream().filter(id -> ledger.saltOf(id) == writer).toList();
      for (int from = 0; from < mine.size(); from += SLICE) {
        List<Long> slice = mine.subList(from, Math.min(from + SLICE, mine.size()));
        List<Long> absent = server.fetch(slice, tally, false);
        missing.addAll(absent);
        task.step(slice.size() - absent.size());
      }
    });
    return new ArrayList<>(missing);
  }

  /** Server s reads what server s − 1 wrote; salts count from 1. */
  private static int writerReadBy(int salt, int servers) {
    return salt == 1 ? servers : salt - 1;
  }
}
