package io.larder.coordinator.registry;

import java.util.List;

/**
 * The ZooKeeper paths of one cluster. The parents are persistent and created by the first process;
 * {@code docs/zookeeper-layout.md} lists the writers.
 *
 * @param cluster the cluster's name
 */
public record Paths(String cluster) {

  /** {@code /larder/<cluster>}. */
  public String root() {
    return "/larder/" + cluster;
  }

  /** Parent of the live nodes' ephemerals. */
  public String nodes() {
    return root() + "/nodes";
  }

  /** A live node: {@code /nodes/<node-id>-<incarnation in hexadecimal>}. */
  public String node(String nodeId, long incarnation) {
    return nodes() + "/" + nodeId + "-" + Long.toHexString(incarnation);
  }

  /** The slot table, one znode, changed by compare-and-set only. */
  public String slots() {
    return root() + "/slots";
  }

  /** Parent of the put-leases. */
  public String putLeases() {
    return root() + "/put-leases";
  }

  /** The put-lease of a slot: an ephemeral of its owner's session. */
  public String putLease(int slot) {
    return putLeases() + "/" + slot;
  }

  /** Parent of the heartbeats. */
  public String heartbeats() {
    return root() + "/heartbeats";
  }

  /** The heartbeat of a node, its proof of contact. */
  public String heartbeat(String nodeId) {
    return heartbeats() + "/" + nodeId;
  }

  /** The coordinators' leader latch. */
  public String coordinator() {
    return root() + "/coordinator";
  }

  /** Parent of rebalances and drains in progress. */
  public String moves() {
    return root() + "/moves";
  }

  /** A rebalance or drain: {@code /moves/<id>}. */
  public String move(String id) {
    return moves() + "/" + id;
  }

  /** Every persistent parent that must exist, parents first. */
  public List<String> parents() {
    return List.of("/larder", root(), nodes(), putLeases(), heartbeats(), coordinator(), moves());
  }
}
