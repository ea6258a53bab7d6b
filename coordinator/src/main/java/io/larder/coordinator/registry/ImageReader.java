package io.larder.coordinator.registry;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the cluster image: one read of {@code /slots}, one of {@code /nodes}' children, and one for
 * each node not seen before (a record never changes under its name). Not thread-safe.
 */
public final class ImageReader {
  private static final Logger LOG = LoggerFactory.getLogger(ImageReader.class);

  private final Paths paths;
  private final Map<String, NodeRecord> byName = new HashMap<>();
  private final Set<String> refused = new HashSet<>();
  private SlotTable slots = SlotTable.EMPTY;
  private long slotsZxid;

  public ImageReader(Paths paths) {
    this.paths = paths;
  }

  /**
   * Reads the current image. Blocks for the round trips above.
   *
   * @param watch whether to set the handle's default watcher on {@code /slots} and {@code /nodes}
   * @throws KeeperException.NoNodeException if the cluster's znodes do not exist (yet)
   * @throws IllegalArgumentException if the slot table cannot be read by this version
   */
  public ClusterImage read(ZooKeeper zooKeeper, boolean watch)
      throws KeeperException, InterruptedException {
    Stat stat = new Stat();
    byte[] table = zooKeeper.getData(paths.slots(), watch, stat);
    // By zxid, since another ensemble's table may have the same version.
    if (slotsZxid != stat.getMzxid()) {
      slots = SlotTableFormat.decode(table, stat.getVersion());
      slotsZxid = stat.getMzxid();
    }
    List<String> names = zooKeeper.getChildren(paths.nodes(), watch);
    byName.keySet().retainAll(names);
    refused.retainAll(names);
    for (String name : names) {
      if (!byName.containsKey(name) && !refused.contains(name)) {
        readNode(zooKeeper, name);
      }
    }
    Map<String, NodeRecord> nodes = new HashMap<>();
    for (NodeRecord node : byName.values()) {
      nodes.merge(node.nodeId(), node, (a, b) -> a.incarnation() > b.incarnation() ? a : b);
    }
    return new ClusterImage(slots, nodes);
  }

  private void readNode(ZooKeeper zooKeeper, String name)
      throws KeeperException, InterruptedException {
    try {
      byte[] record = zooKeeper.getData(paths.nodes() + "/" + name, false, null);
      byName.put(name, NodeRecord.decode(record));
    } catch (KeeperException.NoNodeException _) {
      LOG.debug("node {} left while the image was read", name);
    } catch (IllegalArgumentException e) {
      refused.add(name);
      LOG.error("{}/{} is ignored: {}", paths.nodes(), name, e.getMessage());
    }
  }
}
