package io.larder.bench.faults;

import static io.larder.bench.PlainConnection.text;

import io.larder.bench.Cluster;
import io.larder.bench.Holders;
import io.larder.bench.PlainConnection;
import io.larder.bench.verdict.Patience;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The nodes' state of keys after the last write: the number of holders on devices, and each node's
 * answer to a read. A key in a wrong state is queried again until it is right, or until the settled
 * nodes have answered several times that none has it. For one thread.
 */
final class Audit {
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final int TIMES_NOWHERE = 3;
  private static final int TIMEOUT_MS = 30_000;

  private final Cluster cluster;
  private final List<LocalNode> nodes;
  private final Set<String> stored;
  private final Map<String, Checker.Found> found = new HashMap<>();
  private final Map<String, Integer> nowhere = new HashMap<>();

  private Audit(Cluster cluster, List<LocalNode> nodes, Set<String> stored) {
    this.cluster = cluster;
    this.nodes = nodes;
    this.stored = stored;
  }

  /**
   * Queries every key.
   *
   * @param stored the keys that must be stored
   */
  static Map<String, Checker.Found> of(
      Cluster cluster, List<LocalNode> nodes, List<String> keys, Set<String> stored)
      throws InterruptedException {
    Audit audit = new Audit(cluster, nodes, stored);
    Set<String> open = new LinkedHashSet<>(keys);
    long deadline = System.nanoTime() + Patience.SETTLED.toNanos();
    while (true) {
      audit.ask(List.copyOf(open));
      boolean settled = cluster.isSettled();
      open.removeIf(key -> audit.isDecided(key, settled));
      if (open.isEmpty() || !cluster.ended().isEmpty() || System.nanoTime() - deadline > 0) {
        return audit.found;
      }
      Thread.sleep(LOOK);
    }
  }

  private boolean isDecided(String key, boolean settled) {
    Checker.Found now = found.getOrDefault(key, Checker.Found.NOTHING);
    if (!now.silent().isEmpty() || now.holders() > 1) {
      return false;
    }
    if (!stored.contains(key) || (now.holders() == 1 && !now.puts().contains(0L))) {
      return true;
    }
    if (!settled || !now.isNowhere()) {
      nowhere.remove(key);
      return false;
    }
    return nowhere.merge(key, 1, Integer::sum) >= TIMES_NOWHERE;
  }

  private void ask(List<String> keys) throws InterruptedException {
    Holders holders = cluster.holders(keys);
    Set<String> silent = new HashSet<>(holders.silent());
    Map<String, List<Long>> puts = new HashMap<>();
    for (LocalNode node : nodes) {
      try (PlainConnection connection =
          PlainConnection.open(node.host(), node.port(), TIMEOUT_MS)) {
        for (String key : keys) {
          Optional<byte[]> value = connection.call(text("GET"), text(key));
          puts.computeIfAbsent(key, _ -> new ArrayList<>())
              .add(value.map(bytes -> PutContents.putOf(ByteBuffer.wrap(bytes))).orElse(0L));
        }
      } catch (IOException e) {
        silent.add(node.nodeId());
      }
    }
    for (int i = 0; i < keys.size(); i++) {
      found.put(
          keys.get(i),
          new Checker.Found(
              holders.counts().get(i), puts.getOrDefault(keys.get(i), List.of()), silent));
    }
  }
}
