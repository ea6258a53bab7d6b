package io.larder.node.bench;

import java.io.IOException;
import java.util.List;

/** A cluster that runs already, known by its nodes' addresses. */
public final class RemoteCluster implements Cluster {
  private final List<String> addresses;

  /**
   * @param addresses {@code host:port} of every node
   */
  public RemoteCluster(List<String> addresses) {
    this.addresses = List.copyOf(addresses);
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

  /** Its metrics' addresses are not known here. */
  @Override
  public long evictions() {
    return 0;
  }
}
