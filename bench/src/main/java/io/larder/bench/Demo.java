package io.larder.bench;

import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The main job from end to end: replay a trace, send the herd, kill a node and bring it back, then
 * read every stored block back and count its copies. For one thread, and one run.
 */
public final class Demo {
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final FinalAudit.Result NO_RECKONING = new FinalAudit.Result(-1, 0, 0, 0);

  private final Trace trace;
  private final DemoOptions options;
  private final Cluster cluster;
  private final String keyPrefix;
  private final Outage.@Nullable Crash crash;
  private final Progress progress;
  private final Ledger ledger = new Ledger();
  private final Evidence evidence = new Evidence();
  private final OpenFindings openFindings = new OpenFindings();
  private final NodeAccounts accounts = new NodeAccounts();
  private final LoadCounters replay = new LoadCounters();
  private final LoadCounters herd = new LoadCounters();
  private final LoadCounters underFire = new LoadCounters();
  private final LoadCounters readBack = new LoadCounters();
  private double seconds;
  private Outage.@Nullable Result outage;
  private FinalAudit.Result audit = NO_RECKONING;

  private Demo(
      Trace trace,
      DemoOptions options,
      Cluster cluster,
      String keyPrefix,
      Outage.@Nullable Crash crash,
      Progress progress) {
    this.trace = trace;
    this.options = options;
    this.cluster = cluster;
    this.keyPrefix = keyPrefix;
    this.crash = crash;
    this.progress = progress;
  }

  /**
   * Runs all stages.
   *
   * @param keyPrefix the prefix of every key of this run; new to the cluster
   * @param crash the node to kill, or null to kill none
   * @throws IOException if a stage fails; broken promises are in the report instead
   */
  public static RunReport run(
      Trace trace,
      DemoOptions options,
      Cluster cluster,
      String keyPrefix,
      Outage.@Nullable Crash crash,
      Progress progress)
      throws IOException, InterruptedException {
    return new Demo(trace, options, cluster, keyPrefix, crash, progress).run();
  }

  private RunReport run() throws IOException, InterruptedException {
    Map<String, Long> droppedBefore = cluster.droppedPuts();
    accounts.look(cluster.accounts());
    List<BlockCache> caches = new ArrayList<>();
    List<InferenceServer> servers = new ArrayList<>();
    try (StallWatch stalls = StallWatch.start()) {
      Observations observations = new Observations(evidence, openFindings, stalls);
      for (int i = 0; i < options.servers(); i++) {
        BlockCache cache = cluster.attach(i);
        caches.add(cache);
        servers.add(
            new InferenceServer(
                i + 1, keyPrefix, options.blockBytes(), cache, ledger, observations));
      }
      try (Fleet fleet = new Fleet(servers)) {
        stages(fleet);
      }
    } catch (HangException e) {
      progress.say("given up: " + e.getMessage());
    } finally {
      caches.forEach(BlockCache::close);
    }
    settleDoubts();
    evidence.dropped(DroppedPuts.between(droppedBefore, cluster.droppedPuts()));
    return report();
  }

  private void stages(Fleet fleet) throws IOException, InterruptedException {
    progress.say(
        "replaying %,d requests (%,d block lookups, %,d different blocks) of the %s"
            .formatted(
                trace.requests().size(), trace.lookups(), trace.distinctBlocks(), trace.name()));
    seconds = Replay.requests(fleet, trace, replay, progress);
    if (options.herdBlocks() > 0) {
      progress.say(
          "herd: %d servers want the same %d new blocks at once"
              .formatted(fleet.size(), options.herdBlocks()));
      Replay.herd(fleet, options.herdBlocks(), herd);
    }
    settleDoubts();
    if (crash != null) {
      outage(crash, fleet);
    }
    audit =
        new FinalAudit(
                cluster,
                fleet,
                ledger,
                keyPrefix,
                accounts,
                evidence,
                readBack,
                options.patience(),
                progress)
            .run();
  }

  private void outage(Outage.Crash victim, Fleet fleet) throws IOException, InterruptedException {
    progress.say("kill -9 of one node under load, then its restart");
    Outage.Result result =
        Outage.run(victim, fleet, ledger, underFire, options.patience(), evidence).orElse(null);
    outage = result;
    if (result != null) {
      progress.say(
          "ready again after %,d ms with %,d blocks; meanwhile %,d puts were stored and %,d refused"
              .formatted(
                  result.recoveryMs(),
                  result.recoveredBlocks(),
                  result.storedMeanwhile(),
                  underFire.putsRefused.sum()));
    }
  }

  /** Reads the accounts again, since a session's end shows once the cluster is settled. */
  private void settleDoubts() throws InterruptedException {
    long deadline = System.nanoTime() + options.patience().toNanos();
    while (openFindings.areOpen() && !cluster.isSettled() && System.nanoTime() - deadline < 0) {
      Thread.sleep(LOOK);
    }
    List<NodeAccounts.Account> answers = cluster.accounts();
    accounts.look(answers);
    boolean allSessionsGoOn = answers.size() == cluster.nodes() && !accounts.sessionsEnded();
    openFindings.settle(!allSessionsGoOn, evidence);
  }

  private RunReport report() {
    DemoFigures figures = new DemoFigures();
    figures.work(options, options.servers(), cluster.nodes(), trace);
    figures.replay(replay, trace, seconds);
    figures.undisturbed(replay, herd, options.blockBytes());
    figures.outage(outage, underFire);
    figures.whole(
        List.of(replay, herd, underFire, readBack), ledger.size(), audit, openFindings.excused());
    figures.verdict(evidence.verdict());
    return new RunReport(figures.list(), evidence.verdict());
  }
}
