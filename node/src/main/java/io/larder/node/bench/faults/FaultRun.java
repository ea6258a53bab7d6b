package io.larder.node.bench.faults;

import io.larder.node.bench.Figure;
import io.larder.node.bench.Figure.Better;
import io.larder.node.bench.Progress;
import io.larder.node.bench.faults.Broken.Promise;
import io.larder.node.bench.faults.History.Call;
import io.larder.node.bench.faults.History.Outcome;
import io.larder.node.bench.faults.History.Span;
import io.larder.node.local.LocalCluster;
import io.larder.node.local.Namespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One fault after the other, each in a round of its own with keys of its own: clients work, the
 * fault strikes and is mended, the clients work on, then every key is looked for on every node and
 * the history is read.
 */
public final class FaultRun {
  private static final Duration BEFORE = Duration.ofMillis(1_500);
  private static final Duration AFTER = Duration.ofSeconds(1);
  private static final int SAID = 5;

  private final LocalCluster cluster;
  private final @Nullable Namespaces network;
  private final SplittableRandom random;
  private final Progress progress;
  private final Map<Promise, Integer> broken = new EnumMap<>(Promise.class);
  private final List<String> said = new ArrayList<>();
  private int rounds;
  private long calls;
  private long stored;
  private long verified;
  private long unknown;
  private long unplanned;
  private long settledMsMax;

  /**
   * @param network by which links are cut; null if none can be
   * @param seed of the victims and of what the clients do
   */
  public FaultRun(
      LocalCluster cluster, @Nullable Namespaces network, long seed, Progress progress) {
    this.cluster = cluster;
    this.network = network;
    this.random = new SplittableRandom(seed);
    this.progress = progress;
  }

  /**
   * Takes the faults in turn.
   *
   * @param time go round again until so much has passed; each fault comes at least once
   * @throws IOException if the cluster does not recover, or something cannot be done
   */
  public void run(List<Fault> faults, Duration time) throws IOException, InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    do {
      for (Fault fault : faults) {
        if (rounds >= faults.size() && System.nanoTime() - end > 0) {
          return;
        }
        round(fault);
      }
    } while (System.nanoTime() - end < 0);
  }

  private void round(Fault fault) throws IOException, InterruptedException {
    History history = new History();
    Scene scene = new Scene(cluster, network, random.split());
    Map<String, String> before = cluster.incarnations();
    long start = System.nanoTime();
    Load load = Load.start(cluster.nodes(), history, "round-" + rounds + "-", random.nextLong());
    long mended;
    long settled;
    try (load) {
      Thread.sleep(BEFORE);
      fault.strike(scene);
      mended = System.nanoTime();
      scene.awaitSettled();
      settled = System.nanoTime();
      Thread.sleep(AFTER);
    }
    long end = System.nanoTime();
    scene
        .unwellSince()
        .forEach((node, since) -> {
          // Connections that were cut recover by themselves, some seconds after the network.
          history.unwell(new Span(node, since, node == History.SOME_NODE ? end : settled));
        });
    noteAbsences(before, history, scene, start);
    Audit audit = Audit.of(cluster.nodes(), history.keys());
    List<Broken> found = Checker.check(history, audit.found(), System.nanoTime());
    count(fault, history, found, (settled - mended) / 1_000_000);
    if (!cluster.ended().isEmpty()) {
      throw new IOException(
          cluster.ended() + " ended by itself; see the logs in " + cluster.root());
    }
  }

  /** Whose incarnation changed was away; whose did not is a live holder through all of it. */
  private void noteAbsences(
      Map<String, String> before, History history, Scene scene, long roundStart)
      throws IOException, InterruptedException {
    Map<String, String> after = cluster.incarnations();
    long now = System.nanoTime();
    for (int i = 0; i < cluster.nodes().size(); i++) {
      String nodeId = scene.node(i);
      if (!before.getOrDefault(nodeId, "").equals(after.get(nodeId))) {
        Long since = scene.unwellSince().get(i);
        if (since == null) {
          unplanned++;
        }
        history.away(new Span(i, since == null ? roundStart : since, now));
      }
    }
  }

  private void count(Fault fault, History history, List<Broken> found, long settledMs) {
    List<Call> made = history.calls();
    rounds++;
    calls += made.size();
    settledMsMax = Math.max(settledMsMax, settledMs);
    for (Call call : made) {
      stored += call.outcome() == Outcome.STORED ? 1 : 0;
      verified += call.outcome() == Outcome.FOUND ? 1 : 0;
      unknown += call.outcome() == Outcome.UNKNOWN ? 1 : 0;
    }
    for (Broken each : found) {
      broken.merge(each.promise(), 1, Integer::sum);
      if (said.size() < SAID) {
        said.add(fault + ": " + each.how());
      }
    }
    progress.say(
        "%s: %s; %,d calls, well again after %,d ms, %s"
            .formatted(
                fault,
                fault.what(),
                made.size(),
                settledMs,
                found.isEmpty() ? "every promise kept" : found.size() + " BROKEN"));
  }

  /** What was broken, the first few times, in a sentence each. */
  public List<String> broken() {
    return List.copyOf(said);
  }

  /** The figures so far; those of the promises have the goal 0. */
  public List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.count("faults", rounds, "faults", null, Better.higher));
    figures.add(Figure.count("calls", calls, "calls", null, Better.higher));
    figures.add(Figure.count("putsStored", stored, "puts", null, Better.higher));
    figures.add(Figure.count("readsVerified", verified, "reads", null, Better.higher));
    figures.add(Figure.count("callsWithoutAnswer", unknown, "calls", null, Better.lower));
    figures.add(Figure.count("sessionsLostUnplanned", unplanned, "sessions", null, Better.lower));
    figures.add(Figure.count("wellAgainMax", settledMsMax, "ms", null, Better.lower));
    for (Promise promise : Promise.values()) {
      figures.add(
          Figure.count(
              promise.figure, broken.getOrDefault(promise, 0), "times", 0.0, Better.lower));
    }
    return figures;
  }
}
