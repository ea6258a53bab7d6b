package io.larder.node.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Kill -9 of one node while all servers go on putting new blocks and reading old ones, and its
 * restart. Calls may fail meanwhile; what was acknowledged, before and during it, is in the ledger
 * and must be there afterwards.
 */
public final class Outage {
  private static final long NEW_IDS = 1L << 41;
  private static final int PUTS_A_ROUND = 8;
  private static final int GETS_A_ROUND = 8;
  private static final int ACKNOWLEDGED_PER_PHASE = 200;
  private static final Duration DOWN = Duration.ofMillis(700);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * What the outage showed.
   *
   * @param recoveryMs from process start to readiness
   * @param recoveredBlocks blocks that the restarted node found on its device
   * @param acknowledgedMeanwhile puts acknowledged from the load's beginning to its end
   */
  record Result(long recoveryMs, long recoveredBlocks, long acknowledgedMeanwhile) {}

  /** The node that is killed. */
  public interface Crash {
    /** Kill -9; returns when the process is gone. */
    void kill() throws IOException;

    /** Starts it again; returns the milliseconds from the start of the process to readiness. */
    long restart() throws IOException, InterruptedException;

    /** How many blocks the restarted node found on its device. */
    long recoveredBlocks() throws IOException, InterruptedException;
  }

  private Outage() {}

  static Result run(Crash crash, Fleet fleet, Ledger ledger, Tally load)
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
      awaitUntil(() -> ledger.size() >= before + ACKNOWLEDGED_PER_PHASE, "puts before the kill");
      crash.kill();
      Thread.sleep(DOWN);
      long recoveryMs = crash.restart();
      long recoveredBlocks = crash.recoveredBlocks();
      int atReady = ledger.size();
      awaitUntil(() -> ledger.size() >= atReady + ACKNOWLEDGED_PER_PHASE, "puts after the restart");
      return new Result(recoveryMs, recoveredBlocks, ledger.size() - before);
    } finally {
      stop.set(true);
      running.await();
    }
  }

  private static void awaitUntil(BooleanSupplier reached, String what)
      throws InterruptedException, IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!reached.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "the cluster acknowledged fewer than %d %s within %d s; see the nodes' logs"
                .formatted(ACKNOWLEDGED_PER_PHASE, what, PATIENCE.toSeconds()));
      }
      Thread.sleep(20);
    }
  }
}
