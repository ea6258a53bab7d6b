package io.larder.bench;

import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Verdict;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Puts that nodes accepted from plain sessions and then dropped, as a cache may. A benchmark with
 * dropped puts has measured another load than intended.
 */
public final class DroppedPuts {
  private static final String METRIC = "larder_puts_dropped_total";
  private static final String REASON = "reason";

  private DroppedPuts() {}

  /** By reason, since the nodes' processes started; a node that does not answer now is left out. */
  public static Map<String, Long> of(LocalCluster cluster) throws InterruptedException {
    Map<String, Long> dropped = new HashMap<>();
    for (LocalNode node : cluster.nodes()) {
      try {
        cluster
            .scrape(node)
            .by(METRIC, REASON)
            .forEach((reason, count) -> dropped.merge(reason, count.longValue(), Long::sum));
      } catch (IOException e) {
        // Its drops are counted at its next answer, or were before its process ended.
      }
    }
    return dropped;
  }

  /**
   * Fails if puts were dropped since the cluster started.
   *
   * @throws VoidRunException with the numbers by reason
   */
  public static void requireNone(LocalCluster cluster)
      throws VoidRunException, InterruptedException {
    Evidence evidence = new Evidence();
    evidence.dropped(of(cluster));
    Verdict verdict = evidence.verdict();
    if (verdict.outcome() == Verdict.Outcome.VOID) {
      throw new VoidRunException(verdict.lines().getFirst());
    }
  }

  /** The drops between two readings, by reason. */
  public static Map<String, Long> between(Map<String, Long> before, Map<String, Long> after) {
    Map<String, Long> added = new HashMap<>();
    after.forEach((reason, count) -> added.put(reason, count - before.getOrDefault(reason, 0L)));
    return added;
  }
}
