package io.larder.node.service;

/**
 * One incarnation of a node: the owner of entries and put-leases. When its ZooKeeper session ends,
 * everything it held counts as absent until a later incarnation announces it.
 *
 * @param nodeId the node, as its device's superblock names it
 * @param incarnation its ZooKeeper session
 */
public record Member(String nodeId, long incarnation) {
  @Override
  public String toString() {
    return nodeId + "-" + Long.toHexString(incarnation);
  }
}
