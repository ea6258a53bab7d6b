package io.larder.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A running cluster, by its nodes' addresses. */
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
  public Holders holders(List<String> keys) {
    return PeerCounts.holders(addresses, keys);
  }

  @Override
  public List<NodeAccounts.Account> accounts() {
    return infos().stream().map(NodeInfo::account).toList();
  }

  @Override
  public boolean isSettled() {
    return isSettledWithout(0);
  }

  /** Like {@link #isSettled}, with so many nodes gone for good. */
  boolean isSettledWithout(int ended) {
    List<NodeInfo> infos = infos();
    return infos.size() == addresses.size() - ended && infos.stream().allMatch(NodeInfo::isSettled);
  }

  /** Empty: a node that does not answer may come back, so runs wait for it. */
  @Override
  public Set<String> ended() {
    return Set.of();
  }

  /** INFO does not contain the reasons. */
  @Override
  public Map<String, Long> droppedPuts() {
    return Map.of("any", infos().stream().mapToLong(NodeInfo::droppedPuts).sum());
  }

  private List<NodeInfo> infos() {
    List<NodeInfo> infos = new ArrayList<>();
    for (String address : addresses) {
      info(address).ifPresent(infos::add);
    }
    return infos;
  }

  private static Optional<NodeInfo> info(String address) {
    try {
      return Optional.of(NodeInfo.of(address));
    } catch (IOException e) {
      return Optional.empty(); // it does not answer now
    }
  }
}
