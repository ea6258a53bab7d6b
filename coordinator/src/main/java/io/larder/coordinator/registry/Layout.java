package io.larder.coordinator.registry;

import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates the cluster's persistent znodes where they are missing. */
public final class Layout {
  private static final Logger LOG = LoggerFactory.getLogger(Layout.class);

  private Layout() {}

  /** Creates every parent and an empty slot table. Idempotent. */
  public static void ensure(ZooKeeper zooKeeper, Paths paths)
      throws KeeperException, InterruptedException {
    for (String path : paths.parents()) {
      ensure(zooKeeper, path, new byte[0]);
    }
    ensure(zooKeeper, paths.slots(), SlotTableFormat.encode(SlotTable.EMPTY));
  }

  /** Creates one persistent znode unless it is there. */
  public static void ensure(ZooKeeper zooKeeper, String path, byte[] data)
      throws KeeperException, InterruptedException {
    // Reads first: all starts but the first need no quorum write.
    if (zooKeeper.exists(path, false) != null) {
      return;
    }
    try {
      zooKeeper.create(path, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
      LOG.debug("created {}", path);
    } catch (KeeperException.NodeExistsException _) {
      LOG.debug("{} was created meanwhile", path);
    }
  }
}
