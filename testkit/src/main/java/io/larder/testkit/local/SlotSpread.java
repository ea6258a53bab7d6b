package io.larder.testkit.local;

import io.larder.protocol.Slots;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Waits until the nodes of a local cluster hold every slot's put-lease, and each its share.
 *
 * <p>A node that came first may have been ready with all slots before the others took their share:
 * a put meanwhile would get TRYAGAIN. In a cluster that is not new a node may own no slots for
 * good: it is being drained, or lost them while it was away.
 */
final class SlotSpread {
  private static final Duration STANDSTILL = Duration.ofMinutes(5);

  /** How long a settled cluster that is not new may leave a node without slots meanwhile. */
  private static final Duration WITHOUT_SHARE = Duration.ofSeconds(10);

  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration SAY_EVERY = Duration.ofSeconds(5);

  private record Share(String nodeId, long slots, long syncing) {
    @Override
    public String toString() {
      return syncing == 0
          ? nodeId + " " + slots
          : "%s %d (%d not yet served)".formatted(nodeId, slots, syncing);
    }
  }

  private final HttpClient http;
  private final List<LocalNode> nodes;
  private final ProcessTable processes;

  SlotSpread(HttpClient http, List<LocalNode> nodes, ProcessTable processes) {
    this.http = http;
    this.nodes = nodes;
    this.processes = processes;
  }

  /**
   * Waits for the spread; returns the ids of the nodes without slots.
   *
   * @param everyNode whether each node must have slots
   * @param say receives the progress periodically
   * @throws LocalClusterException if a node has ended, or nothing changes for five minutes
   */
  List<String> await(boolean everyNode, Consumer<String> say) throws LocalClusterException {
    StallDetector stalls = new StallDetector(STANDSTILL);
    StallDetector withoutShare = new StallDetector(WITHOUT_SHARE);
    long saidNs = System.nanoTime();
    try {
      while (true) {
        List<Share> shares = shares();
        stalls.changed(shares);
        withoutShare.changed(shares);
        List<String> none =
            shares.stream().filter(share -> share.slots() == 0).map(Share::nodeId).toList();
        boolean settled =
            shares.stream().mapToLong(Share::slots).sum() == Slots.COUNT
                && shares.stream().allMatch(share -> share.syncing() == 0);
        if (settled && (none.isEmpty() || (!everyNode && withoutShare.tooLong()))) {
          return none;
        }
        if (stalls.tooLong()) {
          throw new LocalClusterException(
              "the slots are not spread over all nodes and nothing has changed for %d minutes: %s of %d slots; see the nodes' and the coordinator's logs"
                  .formatted(STANDSTILL.toMinutes(), shares, Slots.COUNT),
              null);
        }
        if (System.nanoTime() - saidNs > SAY_EVERY.toNanos()) {
          say.accept("  waiting for all %d slots: %s".formatted(Slots.COUNT, shares));
          saidNs = System.nanoTime();
        }
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted while waiting for the slots", e);
    }
  }

  private List<Share> shares() throws LocalClusterException, InterruptedException {
    List<Share> shares = new ArrayList<>();
    for (LocalNode node : nodes) {
      ChildProcess process = processes.get(node.nodeId());
      if (!process.isAlive()) {
        throw new LocalClusterException(
            "%s ended while the slots were spread, %s".formatted(process.name(), process.ending()),
            null);
      }
      try {
        Scrape scrape = Scrape.of(http, node.host(), node.httpPort());
        shares.add(
            new Share(
                node.nodeId(),
                (long) scrape.sum("larder_slots_owned"),
                (long) scrape.sum("larder_directory_slots_syncing")));
      } catch (IOException _) {
        shares.add(new Share(node.nodeId(), 0, 0)); // it does not answer in time; asked again
      }
    }
    return shares;
  }
}
