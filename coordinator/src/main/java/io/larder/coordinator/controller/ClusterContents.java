package io.larder.coordinator.controller;

import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.Paths;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;

/**
 * Whether a cluster holds any record, by each node's last heartbeat: heartbeats outlive their node,
 * so that a node that is away counts with its last number.
 */
final class ClusterContents {
  private final Paths paths;

  ClusterContents(Paths paths) {
    this.paths = paths;
  }

  /**
   * Whether every node that ever joined last reported no records. Stops reading at the first that
   * holds one or does not report.
   */
  boolean isEmpty(ZooKeeper zooKeeper) throws KeeperException, InterruptedException {
    for (String nodeId : zooKeeper.getChildren(paths.heartbeats(), false)) {
      byte[] written = zooKeeper.getData(paths.heartbeat(nodeId), false, null);
      if (Heartbeat.decode(written).records() != 0) {
        return false;
      }
    }
    return true;
  }
}
