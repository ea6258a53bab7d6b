package io.larder.bench;

import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import io.larder.testkit.local.Scrape;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A run's view of a {@link LocalCluster}. */
public final class LocalRun implements Cluster {
  private static final String RECOVERED = "larder_recovery_records";

  private final LocalCluster cluster;
  private final RemoteCluster wire;

  public LocalRun(LocalCluster cluster) {
    this.cluster = cluster;
    this.wire = new RemoteCluster(cluster.nodes().stream().map(LocalNode::address).toList());
  }

  @Override
  public int nodes() {
    return wire.nodes();
  }

  @Override
  public BlockCache attach(int index) {
    return wire.attach(index);
  }

  @Override
  public Holders holders(List<String> keys) {
    Holders holders = wire.holders(keys);
    return new Holders(
        holders.counts(),
        cluster.nodes().stream()
            .filter(node -> holders.silent().contains(node.address()))
            .map(LocalNode::nodeId)
            .collect(Collectors.toSet()));
  }

  @Override
  public List<NodeAccounts.Account> accounts() {
    return wire.accounts();
  }

  @Override
  public boolean isSettled() throws InterruptedException {
    return ended().isEmpty() ? cluster.isSettled() : wire.isSettledWithout(ended().size());
  }

  @Override
  public Set<String> ended() {
    return cluster.nodes().stream()
        .map(LocalNode::nodeId)
        .filter(cluster.ended()::contains)
        .collect(Collectors.toSet());
  }

  @Override
  public Map<String, Long> droppedPuts() throws InterruptedException {
    return DroppedPuts.of(cluster);
  }

  /** The node at this place, to kill. */
  public Outage.Crash crashOf(int index) {
    LocalNode victim = cluster.nodes().get(index);
    return new Outage.Crash() {
      @Override
      public void kill() throws IOException {
        cluster.kill(victim);
      }

      @Override
      public long restart() throws IOException {
        return cluster.restart(victim);
      }

      @Override
      public long recoveredBlocks() throws IOException, InterruptedException {
        Scrape scrape = cluster.scrape(victim);
        if (!scrape.has(RECOVERED)) { // a misspelt name must not pass as a good figure
          throw new IOException(victim.nodeId() + " has no metric " + RECOVERED);
        }
        return (long) scrape.sum(RECOVERED);
      }
    };
  }
}
