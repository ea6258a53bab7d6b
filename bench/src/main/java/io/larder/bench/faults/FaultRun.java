package io.larder.bench.faults;

import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.LocalRun;
import io.larder.bench.NodeAccounts;
import io.larder.bench.NodeInfo;
import io.larder.bench.Progress;
import io.larder.bench.RunReport;
import io.larder.bench.Verdicts;
import io.larder.bench.faults.Checker.Found;
import io.larder.bench.faults.History.Call;
import io.larder.bench.faults.History.Outcome;
import io.larder.bench.faults.History.Span;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import io.larder.testkit.local.Namespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One fault after the other, each in a round of its own with keys of its own: clients work, the
 * fault strikes and is repaired, the clients work on, then every key is queried on every node and
 * the history is checked.
 */
public final class FaultRun {
  private static final Duration BEFORE = Duration.ofMillis(1_500);
  private static final Duration AFTER = Duration.ofSeconds(1);

  private final LocalCluster cluster;
  private final @Nullable Namespaces network;
  private final SplittableRandom random;
  private final Progress progress;
  private final Evidence evidence = new Evidence();
  private final LocalRun account;
  private final NodeAccounts accounts = new NodeAccounts();

  /** The dropped puts of each process of a node, at the last reading. */
  private final Map<String, Long> droppedPuts = new HashMap<>();

  private int rounds;
  private long calls;
  private long stored;
  private long verified;
  private long unknown;
  private long unplanned;
  private long settledMsMax;
  private long deletedReadWithinAMinute;
  private long errorsOfOtherCodes;

  /**
   * @param network the network whose links are cut; null if none can be
   * @param seed the seed of victims and client operations
   */
  public FaultRun(
      LocalCluster cluster, @Nullable Namespaces network, long seed, Progress progress) {
    this.cluster = cluster;
    this.account = new LocalRun(cluster);
    this.network = network;
    this.random = new SplittableRandom(seed);
    this.progress = progress;
  }

  /**
   * Runs the faults in turn.
   *
   * @param time the duration to repeat the faults for; each occurs at least once
   * @return the report with the verdict on the promises
   * @throws IOException if a step cannot be carried out
   */
  public RunReport run(List<Fault> faults, Duration time) throws IOException, InterruptedException {
    CountedTotals counted;
    try (StallWatch stalls = StallWatch.start();
        CountingLoad counting = CountingLoad.start(cluster, random.split(), evidence, stalls)) {
      counted = counting.totals();
      rounds(faults, time, stalls);
    }
    lookAtDrops();
    return new RunReport(figures(counted), evidence.verdict());
  }

  private void rounds(List<Fault> faults, Duration time, StallWatch stalls)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    do {
      for (Fault fault : faults) {
        if (rounds >= faults.size() && System.nanoTime() - end > 0) {
          return;
        }
        if (!round(fault, stalls)) {
          return;
        }
      }
    } while (System.nanoTime() - end < 0);
  }

  /** Returns false if the cluster is unusable for another round. */
  private boolean round(Fault fault, StallWatch stalls) throws IOException, InterruptedException {
    History history = new History();
    FaultContext context = new FaultContext(cluster, network, random.split());
    Map<String, String> before = cluster.incarnations();
    accounts.look(account.accounts());
    long start = System.nanoTime();
    String prefix = "round-" + rounds + "-";
    Load load = Load.start(cluster.nodes(), history, prefix, random.nextLong(), stalls);
    long mended;
    long settled;
    boolean well;
    try (load) {
      Thread.sleep(BEFORE);
      fault.strike(context);
      mended = System.nanoTime();
      well = context.awaitSettled();
      settled = System.nanoTime();
      Thread.sleep(AFTER);
    }
    long end = System.nanoTime();
    context
        .unwellSince()
        .forEach((node, since) -> {
          // Connections that were cut recover by themselves, some seconds after the network.
          history.unwell(new Span(node, since, node == History.SOME_NODE ? end : settled));
        });
    Set<String> ended = account.ended();
    if (!ended.isEmpty()) {
      progress.say("%s ended by itself; see the logs in %s".formatted(ended, cluster.root()));
      evidence.unknown(history.keptKeys(), ended);
      count(fault, history, (settled - mended) / 1_000_000);
      return false;
    }
    if (!cluster.ended().isEmpty()) {
      throw new IOException(
          cluster.ended() + " ended by itself; see the logs in " + cluster.root());
    }
    if (!well) {
      evidence.broken(
          BrokenPromise.NEVER_SETTLED,
          fault.toString(),
          "%d s after it was mended some slots have no owner that grants"
              .formatted((settled - mended) / 1_000_000_000));
    }
    noteAbsences(before, history, context, start);
    Map<String, Found> audit =
        Audit.of(account, cluster.nodes(), history.keys(), history.keptKeys());
    accounts.look(account.accounts());
    lookAtDrops();
    deletedReadWithinAMinute +=
        Checker.check(history, audit, System.nanoTime(), accounts.gone(), evidence);
    count(fault, history, (settled - mended) / 1_000_000);
    return well;
  }

  /**
   * Counts the drops. Only the byte-counting clients use plain sessions here, so their drops are a
   * figure, not a failure. A stored put that was dropped would be a lost block.
   */
  private void lookAtDrops() {
    for (LocalNode node : cluster.nodes()) {
      try {
        NodeInfo info = NodeInfo.of(node.address());
        droppedPuts.put(info.account().process(), info.droppedPuts());
      } catch (IOException e) {
        // Drops of a process after its last reading are not counted.
      }
    }
  }

  /** Records nodes with a new incarnation as away; the others were live holders throughout. */
  private void noteAbsences(
      Map<String, String> before, History history, FaultContext context, long roundStart)
      throws IOException, InterruptedException {
    Map<String, String> after = cluster.incarnations();
    long now = System.nanoTime();
    for (int i = 0; i < cluster.nodes().size(); i++) {
      String nodeId = context.node(i);
      if (!before.getOrDefault(nodeId, "").equals(after.get(nodeId))) {
        Long since = context.unwellSince().get(i);
        if (since == null) {
          unplanned++;
        }
        history.away(new Span(i, since == null ? roundStart : since, now));
      }
    }
  }

  private void count(Fault fault, History history, long settledMs) {
    List<Call> made = history.calls();
    rounds++;
    calls += made.size();
    settledMsMax = Math.max(settledMsMax, settledMs);
    for (Call call : made) {
      stored += call.outcome() == Outcome.STORED ? 1 : 0;
      verified += call.outcome() == Outcome.FOUND ? 1 : 0;
      unknown += call.outcome() == Outcome.UNKNOWN ? 1 : 0;
      errorsOfOtherCodes += call.said().startsWith(PlainWorkloadClient.OTHER_CODE) ? 1 : 0;
    }
    progress.say(
        "%s: %s; %,d calls, well again after %,d ms, %s so far"
            .formatted(
                fault,
                fault.what(),
                made.size(),
                settledMs,
                evidence.verdict().counts().isEmpty()
                    ? "every promise kept"
                    : "BROKEN: " + evidence.verdict().counts()));
  }

  private List<Figure> figures(CountedTotals counted) {
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.count("faults", rounds, "faults", null, Better.higher));
    figures.add(Figure.count("calls", calls, "calls", null, Better.higher));
    figures.add(Figure.count("putsStored", stored, "puts", null, Better.higher));
    figures.add(Figure.count("readsVerified", verified, "reads", null, Better.higher));
    figures.add(Figure.count("callsWithoutAnswer", unknown, "calls", null, Better.lower));
    figures.add(
        Figure.count("errorsOfOtherCodes", errorsOfOtherCodes, "calls", null, Better.lower));
    figures.add(Figure.count("sessionsLostUnplanned", unplanned, "sessions", null, Better.lower));
    figures.add(Figure.count("wellAgainMax", settledMsMax, "ms", null, Better.lower));
    figures.add(
        Figure.count(
            "deletedReadWithinAMinute", deletedReadWithinAMinute, "reads", null, Better.lower));
    figures.add(Figure.count("byteCounterCalls", counted.calls(), "calls", null, Better.higher));
    figures.add(
        Figure.count("byteCounterPutsAccepted", counted.accepted(), "puts", null, Better.higher));
    figures.add(
        Figure.count(
            "byteCounterPutsDropped",
            droppedPuts.values().stream().mapToLong(Long::longValue).sum(),
            "puts",
            null,
            Better.lower));
    figures.add(
        Figure.count("byteCounterReadsVerified", counted.read(), "reads", null, Better.higher));
    figures.add(
        Figure.count(
            "byteCounterNilsAfterExists", counted.nilsAfterExists(), "nils", null, Better.lower));
    figures.add(
        Figure.count(
            "byteCounterConnectedAnew", counted.connectedAnew(), "times", null, Better.lower));
    figures.add(Figure.count("byteCounterCallMax", counted.longestMs(), "ms", null, Better.lower));
    figures.addAll(Verdicts.figures(evidence.verdict()));
    return figures;
  }
}
