package io.larder.node.bench;

import io.larder.node.local.LocalCluster;
import io.larder.node.local.LocalNode;
import io.larder.node.local.Scrape;
import java.io.IOException;
import java.util.List;

/** A {@link LocalCluster} as a run sees it. */
public final class LocalRun implements Cluster {
  private static final String EVICTIONS = "larder_store_evictions_total";
  private static final String RECOVERED = "larder_recovery_records";

  private final LocalCluster cluster;
  private final List<String> addresses;

  public LocalRun(LocalCluster cluster) {
    this.cluster = cluster;
    this.addresses = cluster.nodes().stream().map(LocalNode::address).toList();
  }

  @Override
  public int nodes() {
    return addresses.size();
  }

  @Override
  public BlockCache attach(int index) {
    return LarderCache.connect(addresses, addresses.get(index % addresses.size()));
  }

  @Override
  public List<Integer> copies(List<String> keys) throws IOException {
    return PeerCounts.copies(addresses, keys);
  }

  @Override
  public long evictions() throws IOException, InterruptedException {
    long sum = 0;
    for (LocalNode node : cluster.nodes()) {
      sum += (long) metric(node, EVICTIONS);
    }
    return sum;
  }

  /** The node to kill: the one at this place. */
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
        return (long) metric(victim, RECOVERED);
      }
    };
  }

  /** A misspelt name must not look like a good figure. */
  private double metric(LocalNode node, String name) throws IOException, InterruptedException {
    Scrape scrape = cluster.scrape(node);
    if (!scrape.has(name)) {
      throw new IOException(node.nodeId() + " has no metric " + name);
    }
    return scrape.sum(name);
  }
}
