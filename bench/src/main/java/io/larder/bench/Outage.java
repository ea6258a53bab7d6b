package io.larder.bench;

import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Kill -9 of one node while all servers go on putting new blocks and reading old ones, and its
 * restart. Calls may be refused meanwhile; all blocks stored before and during it are in the ledger
 * and must be readable afterwards.
 */
public final class Outage {
  private static final long NEW_IDS = 1L << 41;
  private static final int PUTS_A_ROUND = 8;
  private static final int GETS_A_ROUND = 8;
  private static final int STORED_PER_PHASE = 200;
  private static final Duration DOWN = Duration.ofMillis(700);

  /**
   * The result of the outage.
   *
   * @param recoveryMs from process start to readiness
   * @param recoveredBlocks blocks that the restarted node found on its device
   * @param storedMeanwhile puts stored from the load's beginning to its end
   */
  record Result(long recoveryMs, long recoveredBlocks, long storedMeanwhile) {}

  /** The node to kill. */
  public interface Crash {
    /** Kill -9; returns when the process is gone. */
    void kill() throws IOException;

    /** Starts it again; returns the milliseconds from the start of the process to readiness. */
    long restart() throws IOException, InterruptedException;

    /** How many blocks the restarted node found on its device. */
    long recoveredBlocks() throws IOException, InterruptedException;
  }

  private Outage() {}

  /**
   * Returns nothing if the cluster stores no new blocks within {@code patience}, which is noted as
   * evidence.
   */
  static Optional<Result> run(
      Crash crash,
      Fleet fleet,
      Ledger ledger,
      LoadCounters load,
      Duration patience,
      Evidence evidence)
      throws InterruptedException, IOException {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong nextId = new AtomicLong(NEW_IDS);
    List<Long> old = ledger.ids();
    int before = ledger.size();
    Fleet.Run running =
        fleet.start((server, _) -> {
          while (!stop.get()) {
            List<Long> fresh = new ArrayList<>();
            for (int i = 0; i < PUTS_A_ROUND; i++) {
              fresh.add(nextId.getAndIncrement());
            }
            server.computeOrJoin(fresh, load);
            List<Long> known = new ArrayList<>();
            for (int i = 0; i < GETS_A_ROUND && !old.isEmpty(); i++) {
              known.add(old.get(ThreadLocalRandom.current().nextInt(old.size())));
            }
            server.fetch(known, load, true);
          }
        });
    try {
      if (!stores(before, "before the kill", ledger, running, patience, evidence)) {
        return Optional.empty();
      }
      crash.kill();
      Thread.sleep(DOWN);
      long recoveryMs = crash.restart();
      long recoveredBlocks = crash.recoveredBlocks();
      stores(ledger.size(), "after the restart", ledger, running, patience, evidence);
      return Optional.of(new Result(recoveryMs, recoveredBlocks, ledger.size() - before));
    } finally {
      stop.set(true);
      running.await();
    }
  }

  private static boolean stores(
      int from, String when, Ledger ledger, Fleet.Run running, Duration patience, Evidence evidence)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (ledger.size() < from + STORED_PER_PHASE && !running.isOver()) {
      if (System.nanoTime() - deadline > 0) {
        evidence.broken(
            BrokenPromise.NEVER_SETTLED,
            "puts " + when,
            "%d of %d were stored within %d s"
                .formatted(ledger.size() - from, STORED_PER_PHASE, patience.toSeconds()));
        return false;
      }
      Thread.sleep(20);
    }
    return true;
  }
}
