package io.larder.coordinator.admin;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a {@link ClusterStatus}; writes nothing. Not thread-safe. */
public final class StatusReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusReader.class);
  private static final int CLOSE_WAIT_MS = 1_000;

  private final String cluster;
  private final Paths paths;
  private final ImageReader images;
  private final ZooKeeper zooKeeper;
  private final CountDownLatch connected = new CountDownLatch(1);

  /** Begins to connect. */
  public StatusReader(ZooKeeperOptions options) throws IOException {
    this.cluster = options.cluster();
    this.paths = new Paths(cluster);
    this.images = new ImageReader(paths);
    this.zooKeeper =
        new ZooKeeper(
            options.connect(),
            options.sessionTimeoutMs(),
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
  }

  /**
   * Reads the status now.
   *
   * @param timeout how long to wait for a connection
   * @return empty if ZooKeeper did not answer in time
   * @throws IOException if the cluster does not exist or cannot be read
   */
  public Optional<ClusterStatus> read(Duration timeout) throws IOException, InterruptedException {
    if (!connected.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
      return Optional.empty();
    }
    try {
      return Optional.of(status());
    } catch (KeeperException.NoNodeException e) {
      throw new IOException(
          "no cluster '%s' in this ZooKeeper (%s is missing): start a coordinator, or name the right --cluster"
              .formatted(cluster, e.getPath()),
          e);
    } catch (KeeperException.ConnectionLossException
        | KeeperException.OperationTimeoutException _) {
      return Optional.empty();
    } catch (KeeperException | IllegalArgumentException e) {
      throw new IOException("cluster '" + cluster + "' cannot be read: " + e.getMessage(), e);
    }
  }

  private ClusterStatus status() throws KeeperException, InterruptedException {
    ClusterImage image = images.read(zooKeeper, false);
    // Before the heartbeats, so that the nodes' counts are no older than this one.
    int leases = zooKeeper.getChildren(paths.putLeases(), false).size();
    Map<String, Integer> counts = image.slots().counts();
    Map<String, ClusterStatus.Node> nodes = new TreeMap<>();
    counts.forEach((nodeId, slots) -> nodes.put(nodeId, ClusterStatus.Node.gone(nodeId, slots)));
    for (NodeRecord record : image.nodes().values()) {
      nodes.put(
          record.nodeId(),
          ClusterStatus.Node.live(
              record, counts.getOrDefault(record.nodeId(), 0), claimed(record)));
    }
    return new ClusterStatus(
        cluster,
        leader(),
        image.slots().version(),
        List.copyOf(nodes.values()),
        image.slots().unowned(),
        Slots.COUNT - leases);
  }

  private int claimed(NodeRecord record) throws KeeperException, InterruptedException {
    try {
      Heartbeat heartbeat =
          Heartbeat.decode(zooKeeper.getData(paths.heartbeat(record.nodeId()), false, null));
      return heartbeat.incarnation() == record.incarnation() ? heartbeat.claimed() : 0;
    } catch (KeeperException.NoNodeException _) {
      return 0;
    }
  }

  /** The latch's holder is the child with the lowest sequence number; its data is the id. */
  private String leader() throws KeeperException, InterruptedException {
    List<String> standing =
        zooKeeper.getChildren(paths.coordinator(), false).stream()
            .filter(name -> name.contains("latch-"))
            .sorted(Comparator.comparing((String name) -> name.substring(name.length() - 10)))
            .toList();
    for (String name : standing) {
      try {
        byte[] id = zooKeeper.getData(paths.coordinator() + "/" + name, false, null);
        return new String(id, StandardCharsets.UTF_8);
      } catch (KeeperException.NoNodeException _) {
        LOG.debug("coordinator {} left meanwhile; the next one leads", name);
      }
    }
    return "";
  }

  @Override
  public void close() throws InterruptedException {
    zooKeeper.close(CLOSE_WAIT_MS);
  }
}
