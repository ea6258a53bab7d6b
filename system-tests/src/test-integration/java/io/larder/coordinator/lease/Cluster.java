package io.larder.coordinator.lease;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Layout;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTableFormat;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/** Sessions of nodes and a hand on the slot table, for tests of this package. */
final class Cluster implements AutoCloseable {
  /** What a busy machine does not miss, and a test that waits for its fence can still wait for. */
  static final int SESSION_MS = 15_000;

  static final int TICK_MS = 500;

  /** The hand's own: it outlives whatever a busy machine does to it. */
  private static final int HAND_SESSION_MS = 60_000;

  final ZooKeeperOptions options;
  final Paths paths;
  private final List<AutoCloseable> opened = new ArrayList<>();

  Cluster(String connect, String name) {
    this(connect, name, SESSION_MS);
  }

  /** For tests in which a session must outlive a broken connection, on a busy machine too. */
  Cluster(String connect, String name, int sessionMs) {
    this.options = ZooKeeperOptions.of(connect, name, sessionMs, TICK_MS);
    this.paths = new Paths(name);
  }

  /** A node that writes down what it is told. */
  static final class Node implements NodeSession.Listener {
    final ConcurrentHashMap<Integer, Long> epochs = new ConcurrentHashMap<>();
    final List<Long> incarnations = new CopyOnWriteArrayList<>();
    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile ClusterImage image = ClusterImage.EMPTY;
    volatile @Nullable NodeSession session;

    NodeSession session() {
      NodeSession started = session;
      if (started == null) {
        throw new AssertionError("not started");
      }
      return started;
    }

    @Override
    public void onImage(ClusterImage i) {
      image = i;
    }

    @Override
    public void onSession(long incarnation) {
      calls.add("session");
      incarnations.add(incarnation);
    }

    @Override
    public void onClaimed(int[] slots, long epoch) {
      calls.add("claimed");
      for (int slot : slots) {
        epochs.put(slot, epoch);
      }
    }

    @Override
    public void onReleased(int[] slots) {
      calls.add("released");
      for (int slot : slots) {
        epochs.remove(slot);
      }
    }

    @Override
    public void onSessionLost() {
      calls.add("lost");
      epochs.clear();
    }
  }

  static NodeRecord record(String nodeId) {
    return new NodeRecord(nodeId, 0, "127.0.0.1", 6380, 9090, "", 1L << 30, "test", "");
  }

  Node start(String nodeId) {
    return start(nodeId, BootClock.open());
  }

  Node start(String nodeId, NanoClock clock) {
    Node node = new Node();
    node.session = NodeSession.start(options, record(nodeId), node, () -> 0, clock);
    opened.add(node.session());
    return node;
  }

  /** A plain handle, connected. */
  ZooKeeper connect() throws IOException, InterruptedException {
    CountDownLatch connected = new CountDownLatch(1);
    ZooKeeper zooKeeper =
        new ZooKeeper(
            options.connect(),
            HAND_SESSION_MS,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
    opened.add(zooKeeper);
    Patience.await(connected);
    return zooKeeper;
  }

  /** Writes a table in which {@code nodeIds} have equal contiguous shares. */
  void share(ZooKeeper zooKeeper, String... nodeIds) throws KeeperException, InterruptedException {
    Layout.ensure(zooKeeper, paths);
    @Nullable String[] owners = new String[Slots.COUNT];
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      owners[slot] = nodeIds[slot * nodeIds.length / Slots.COUNT];
    }
    zooKeeper.setData(paths.slots(), SlotTableFormat.encode(SlotTable.of(owners, -1)), -1);
  }

  /** Ends a node's session at the servers, as its expiry would. */
  void expire(Node node) throws IOException, InterruptedException {
    ZooKeeper handle = node.session().handle();
    if (handle == null) {
      throw new AssertionError("no session");
    }
    CountDownLatch taken = new CountDownLatch(1);
    ZooKeeper thief =
        new ZooKeeper(
            options.connect(),
            SESSION_MS,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                taken.countDown();
              }
            },
            handle.getSessionId(),
            handle.getSessionPasswd());
    Patience.await(taken);
    thief.close();
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }
}
