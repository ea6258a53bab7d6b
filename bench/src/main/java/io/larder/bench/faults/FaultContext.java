package io.larder.bench.faults;

import io.larder.bench.verdict.Patience;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import io.larder.testkit.local.Namespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The cluster and network for a fault; records the nodes it affects. For one thread. */
final class FaultContext {

  private static final Duration LOOK = Duration.ofMillis(50);

  private final LocalCluster cluster;
  private final @Nullable Namespaces network;
  private final SplittableRandom random;
  private final Map<Integer, Long> unwellSince = new HashMap<>();

  FaultContext(LocalCluster cluster, @Nullable Namespaces network, SplittableRandom random) {
    this.cluster = cluster;
    this.network = network;
    this.random = random;
  }

  LocalCluster cluster() {
    return cluster;
  }

  Namespaces network() {
    if (network == null) {
      throw new IllegalStateException("there is no network to cut");
    }
    return network;
  }

  int random(int bound) {
    return random.nextInt(bound);
  }

  /** A node to break: it need not answer, nor keep what it holds within reach, from now on. */
  int victim() {
    int victim = random.nextInt(cluster.nodes().size());
    unwellSince.putIfAbsent(victim, System.nanoTime());
    return victim;
  }

  /**
   * A node to cut off from others while it runs: all must go on answering in time, but none
   * receives all deletes.
   */
  int cutOff() {
    unwellSince.putIfAbsent(History.SOME_NODE, System.nanoTime());
    return random.nextInt(cluster.nodes().size());
  }

  /** Every node, to break in turn. */
  List<Integer> everyNode() {
    List<Integer> all = IntStream.range(0, cluster.nodes().size()).boxed().toList();
    all.forEach(node -> unwellSince.putIfAbsent(node, System.nanoTime()));
    return all;
  }

  List<Integer> others(int node) {
    List<Integer> others = new ArrayList<>();
    for (int i = 1; i < cluster.nodes().size(); i++) {
      others.add((node + i) % cluster.nodes().size());
    }
    return others;
  }

  /** The name of a node's process. */
  String node(int index) {
    return cluster.nodes().get(index).nodeId();
  }

  /** Starts a node again and waits until it is ready. */
  void start(String nodeId) throws IOException {
    for (LocalNode node : cluster.nodes()) {
      if (node.nodeId().equals(nodeId)) {
        cluster.restart(node);
      }
    }
  }

  void hold(Duration time) throws InterruptedException {
    Thread.sleep(time);
  }

  /**
   * Waits until every slot has an owner that grants.
   *
   * @return false if that takes longer than {@link Patience#SETTLED}, or a node has ended
   */
  boolean awaitSettled() throws InterruptedException {
    long deadline = System.nanoTime() + Patience.SETTLED.toNanos();
    List<String> nodes = cluster.nodes().stream().map(LocalNode::nodeId).toList();
    while (!cluster.isSettled()) {
      if (System.nanoTime() - deadline > 0 || nodes.stream().anyMatch(cluster.ended()::contains)) {
        return false;
      }
      Thread.sleep(LOOK);
    }
    return true;
  }

  /** The start, of {@link System#nanoTime}, of each affected node's failure. */
  Map<Integer, Long> unwellSince() {
    return Map.copyOf(unwellSince);
  }
}
