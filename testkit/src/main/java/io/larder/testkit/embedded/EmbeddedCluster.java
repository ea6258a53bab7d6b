package io.larder.testkit.embedded;

import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.coordinator.controller.Coordinator;
import io.larder.coordinator.http.Readiness;
import io.larder.node.NodeProcess;
import io.larder.node.NodeTls;
import io.larder.node.config.NodeConfig;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.log.DeviceFormat;
import io.larder.protocol.ConnectionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cluster within this process: a ZooKeeper server, a coordinator and nodes whose devices are
 * sparse files, all on free ports of 127.0.0.1. Nodes are counted from 0; each keeps its place in
 * the list when stopped. Not thread-safe.
 */
public final class EmbeddedCluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedCluster.class);
  private static final Duration START = Duration.ofMinutes(5);
  private static final Duration POLL = Duration.ofMillis(10);

  /** So long that sessions end only by being closed, even on a busy machine. */
  private static final int SESSION_TIMEOUT_MS = 30_000;

  /**
   * Describes the nodes and their coordinator.
   *
   * @param cluster the cluster's name
   * @param deviceBytes size of each device
   * @param maxValueBytes the largest value; sets the size of a segment on a small device
   * @param memoryBytes payload memory of each node
   * @param password of nodes and coordinator; empty for none
   * @param tls of the nodes
   * @param limits of the nodes
   * @param assignment the delays of slot assignment
   */
  public record Options(
      String cluster,
      long deviceBytes,
      int maxValueBytes,
      long memoryBytes,
      String password,
      NodeConfig.Tls tls,
      NodeConfig.Limits limits,
      AssignmentOptions assignment) {}

  /**
   * The ZooKeeper that a cluster uses; its tick is that of {@link EmbeddedZooKeeper}.
   *
   * @param own the server, closed with the cluster; null if its owner closes it
   * @param coordinatorConnect its address for the coordinator
   * @param nodesConnect its address for the nodes
   * @param sessionTimeoutMs of all
   */
  public record Servers(
      @Nullable EmbeddedZooKeeper own,
      String coordinatorConnect,
      IntFunction<String> nodesConnect,
      int sessionTimeoutMs) {
    /** One server of this cluster's own, which keeps its data in the folder. */
    public static Servers one(Path dir) throws IOException {
      EmbeddedZooKeeper own = EmbeddedZooKeeper.start(dir.resolve("zookeeper"), 0);
      return new Servers(own, own.address(), _ -> own.address(), SESSION_TIMEOUT_MS);
    }
  }

  private final Path dir;
  private final Options options;
  private final Servers servers;
  private @Nullable Coordinator coordinator;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<NodeConfig> configs = new ArrayList<>();

  private EmbeddedCluster(Path dir, Options options, Servers servers) {
    this.dir = dir;
    this.options = options;
    this.servers = servers;
  }

  /**
   * Starts a cluster; returns when every node is ready.
   *
   * @param dir the folder of the devices
   * @throws IOException if a part does not start; everything is closed again
   */
  public static EmbeddedCluster start(Path dir, int nodeCount, Options options, Servers servers)
      throws IOException {
    EmbeddedCluster cluster = new EmbeddedCluster(dir, options, servers);
    try {
      cluster.startCoordinator();
      for (int i = 0; i < nodeCount; i++) {
        cluster.addNode();
      }
      cluster.awaitReady();
      return cluster;
    } catch (IOException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private Coordinator startCoordinator() throws IOException {
    Coordinator started =
        Coordinator.start(
            zooKeeper(servers.coordinatorConnect()).options(options.cluster()),
            options.assignment(),
            "embedded",
            ConnectionOptions.DEFAULTS
                .withPassword(options.password().isEmpty() ? null : options.password())
                .withTls(NodeTls.ofPeers(options.tls())));
    coordinator = started;
    return started;
  }

  /**
   * Starts another coordinator and returns when it leads. It does not regard the cluster as new:
   * nodes that join from now on get slots by plan only.
   */
  public void restartCoordinator() throws IOException {
    Coordinator old = coordinator;
    if (old != null) {
      old.close();
    }
    Coordinator started = startCoordinator();
    await(started::isLeader, () -> "the coordinator does not lead");
  }

  /** Formats one more device and starts a node on it. */
  public void addNode() throws IOException {
    add("");
  }

  /** Adds a node that announces an address without a listener. */
  public void addUnreachableNode() throws IOException {
    add("127.0.0.200");
  }

  private void add(String advertisedHost) throws IOException {
    int number = nodes.size() + 1;
    Path device = dir.resolve("device-" + number);
    DeviceFormat.format(
        new FormatOptions(
            device,
            options.deviceBytes(),
            options.cluster(),
            "node-" + number,
            options.maxValueBytes(),
            false));
    configs.add(config(device, advertisedHost));
    nodes.add(NodeProcess.start(configs.getLast()));
  }

  private NodeConfig config(Path device, String advertisedHost) {
    NodeConfig defaults = NodeConfig.DEFAULTS;
    return new NodeConfig(
        device,
        options.cluster(),
        defaults.zone(),
        new NodeConfig.Listen("127.0.0.1", 0, advertisedHost, defaults.listen().transport(), 0),
        new NodeConfig.Http("127.0.0.1", 0),
        zooKeeper(servers.nodesConnect().apply(configs.size())),
        new NodeConfig.Memory(options.memoryBytes(), 0, 0),
        defaults.storage(),
        new NodeConfig.Security(options.password(), ""),
        options.tls(),
        options.limits());
  }

  private CoordinatorConfig.ZooKeeper zooKeeper(String connect) {
    return new CoordinatorConfig.ZooKeeper(
        connect, servers.sessionTimeoutMs(), EmbeddedZooKeeper.TICK_MS);
  }

  /** Stops a node in order. */
  public void stop(int index) {
    nodes.get(index).close();
  }

  /** Stops a node in order and starts it again on the same device; returns when all are ready. */
  public void restart(int index) throws IOException {
    stop(index);
    nodes.set(index, NodeProcess.start(configs.get(index)));
    awaitReady();
  }

  /** Returns when every node is ready. */
  public void awaitReady() throws IOException {
    for (NodeProcess node : nodes) {
      await(() -> node.readiness().ready(), () -> "not ready: " + reason(node.readiness()));
    }
  }

  private static String reason(Readiness readiness) {
    return String.valueOf(readiness.reason());
  }

  private static void await(BooleanSupplier condition, Supplier<String> why) throws IOException {
    long deadline = System.nanoTime() + START.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "an embedded cluster does not start within %d s: %s"
                .formatted(START.toSeconds(), why.get()));
      }
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while an embedded cluster starts", e);
      }
    }
  }

  /** The number of nodes, stopped ones included. */
  public int size() {
    return nodes.size();
  }

  /** A node. */
  public NodeProcess node(int index) {
    return nodes.get(index);
  }

  /** The address of ZooKeeper for the coordinator. */
  public String zooKeeperAddress() {
    return servers.coordinatorConnect();
  }

  /** Stops nodes, coordinator and the own ZooKeeper server; logs failures. Idempotent. */
  @Override
  public void close() {
    Deque<AutoCloseable> parts = new ArrayDeque<>(nodes);
    if (coordinator != null) {
      parts.add(coordinator);
    }
    if (servers.own() != null) {
      parts.add(servers.own());
    }
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.warn("the embedded cluster did not stop in order", e);
      }
    }
  }
}
