package io.larder.node;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.coordinator.controller.Coordinator;
import io.larder.coordinator.embedded.EmbeddedZooKeeper;
import io.larder.node.config.NodeConfig;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.log.DeviceFormat;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/**
 * A cluster within the test's process: a real ZooKeeper server, a coordinator, nodes with files as
 * devices, all over real sockets.
 */
public final class TestCluster implements AutoCloseable {
  static final String CLUSTER = "test";

  /** Sessions end here by being closed only, however busy the machine is. */
  private static final int SESSION_TIMEOUT_MS = 30_000;

  /** The most a node allows. */
  private static final long PEER_DEADLINE_MS = 60_000;

  /**
   * Nodes that are late share in the first layout however late they are, and what is away keeps its
   * slots.
   */
  private static final AssignmentOptions ASSIGNMENT =
      new AssignmentOptions(600_000, 600_000, 300, false);

  /**
   * What its nodes are like.
   *
   * @param deviceBytes of each device
   * @param maxValueBytes sets the size of a segment on a small device
   * @param password of nodes and coordinator; empty = none
   * @param tls of the nodes
   */
  public record Options(long deviceBytes, int maxValueBytes, String password, NodeConfig.Tls tls) {
    /** 2 GiB, no password, plain connections. */
    public static final Options DEFAULT =
        new Options(2L << 30, 64 << 20, "", NodeConfig.DEFAULTS.tls());

    public Options(long deviceBytes, int maxValueBytes, String password) {
      this(deviceBytes, maxValueBytes, password, NodeConfig.DEFAULTS.tls());
    }
  }

  /**
   * The ZooKeeper it uses, whose tick is that of {@link EmbeddedZooKeeper}.
   *
   * @param own closed with the cluster; null if it is somebody else's
   * @param coordinatorConnect where the coordinator finds it
   * @param nodesConnect where each node, counted from 0, finds it
   * @param sessionTimeoutMs of all
   */
  public record Servers(
      @Nullable EmbeddedZooKeeper own,
      String coordinatorConnect,
      IntFunction<String> nodesConnect,
      int sessionTimeoutMs) {
    private static Servers one(Path dir) throws IOException {
      EmbeddedZooKeeper own = EmbeddedZooKeeper.start(dir.resolve("zookeeper"), 0);
      return new Servers(own, own.address(), _ -> own.address(), SESSION_TIMEOUT_MS);
    }
  }

  private final Servers servers;
  private final Path dir;
  private final Options options;
  private Coordinator coordinator;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<NodeConfig> configs = new ArrayList<>();

  public TestCluster(Path dir, int nodeCount) throws IOException {
    this(dir, nodeCount, Options.DEFAULT);
  }

  public TestCluster(Path dir, int nodeCount, Options options) throws IOException {
    this(dir, nodeCount, options, Servers.one(dir));
  }

  public TestCluster(Path dir, int nodeCount, Options options, Servers servers) throws IOException {
    this.dir = dir;
    this.options = options;
    this.servers = servers;
    coordinator = coordinator(servers, options);
    for (int i = 1; i <= nodeCount; i++) {
      addNode();
    }
    awaitReady();
    // A node that was late is not in the first table: wait for the one in which all have a share.
    awaitUntil(() -> {
      double owned = 0;
      for (int i = 0; i < nodeCount; i++) {
        double share = metric(i, "larder_slots_owned");
        owned += share == 0 ? Double.NaN : share;
      }
      return owned == Slots.COUNT;
    });
  }

  private static Coordinator coordinator(Servers servers, Options options) throws IOException {
    return Coordinator.start(
        settings(servers.coordinatorConnect(), servers).options(CLUSTER),
        ASSIGNMENT,
        "test",
        nodeAccess(options));
  }

  /**
   * Another coordinator leads from now on: the cluster is not young any more, nodes that join get
   * slots by plan only.
   */
  public void restartCoordinator() throws IOException {
    coordinator.close();
    coordinator = coordinator(servers, options);
    awaitUntil(coordinator::isLeader);
  }

  private static ConnectionOptions nodeAccess(Options options) throws IOException {
    return ConnectionOptions.DEFAULTS
        .withPassword(options.password().isEmpty() ? null : options.password())
        .withTls(NodeTls.ofPeers(options.tls()));
  }

  /** Formats one more device and starts a node on it. */
  public void addNode() throws IOException {
    add("");
  }

  private void add(String advertisedHost) throws IOException {
    String nodeId = "node-" + (nodes.size() + 1);
    Path device = dir.resolve("device-" + (nodes.size() + 1));
    DeviceIdentity _ =
        DeviceFormat.format(
            new FormatOptions(
                device, options.deviceBytes(), CLUSTER, nodeId, options.maxValueBytes(), false));
    configs.add(config(device, advertisedHost));
    nodes.add(NodeProcess.start(configs.getLast()));
  }

  /** A node that is there but cannot be reached: it announces an address where nobody listens. */
  public void addUnreachableNode() throws IOException {
    add("127.0.0.200");
  }

  /** Stops a node in order; it keeps its place in the list. */
  public void stop(int index) {
    nodes.get(index).close();
  }

  private NodeConfig config(Path device, String advertisedHost) {
    NodeConfig defaults = NodeConfig.DEFAULTS;
    return new NodeConfig(
        device,
        CLUSTER,
        "",
        new NodeConfig.Listen("127.0.0.1", 0, advertisedHost, defaults.listen().transport(), 0),
        new NodeConfig.Http("127.0.0.1", 0),
        settings(servers.nodesConnect().apply(configs.size()), servers),
        new NodeConfig.Memory(256L << 20, 0, 0),
        defaults.storage(),
        new NodeConfig.Security(options.password(), ""),
        options.tls(),
        new NodeConfig.Limits(
            defaults.limits().maxConnections(),
            defaults.limits().setWaitMs(),
            defaults.limits().plainSetWaitMs(),
            defaults.limits().plainSessions(),
            PEER_DEADLINE_MS));
  }

  private static CoordinatorConfig.ZooKeeper settings(String connect, Servers servers) {
    return new CoordinatorConfig.ZooKeeper(
        connect, servers.sessionTimeoutMs(), EmbeddedZooKeeper.TICK_MS);
  }

  /** Waits until every node is ready and sees every other. */
  public void awaitReady() {
    awaitUntil(() -> nodes.stream().allMatch(node -> node.readiness().ready()));
  }

  private static void awaitUntil(Callable<Boolean> condition) {
    await().pollInterval(Duration.ofMillis(20)).until(condition);
  }

  /** Stops a node in order and starts it again on the same device. */
  public void restart(int index) throws IOException {
    nodes.get(index).close();
    nodes.set(index, NodeProcess.start(configs.get(index)));
    awaitReady();
  }

  public int size() {
    return nodes.size();
  }

  public NodeProcess node(int index) {
    return nodes.get(index);
  }

  public String zooKeeperAddress() {
    return servers.coordinatorConnect();
  }

  /** What a node's metrics page says, the sum over all tags; 0 for what it does not name. */
  public double metric(int index, String name) throws IOException {
    URI page = URI.create("http://127.0.0.1:" + nodes.get(index).httpPort() + "/metrics");
    try (InputStream in = page.toURL().openStream()) {
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    }
  }

  /** A connection to a node; the caller closes it. */
  public Jedis connect(int index) {
    return new Jedis(
        new HostAndPort("127.0.0.1", nodes.get(index).port()),
        DefaultJedisClientConfig.builder()
            .timeoutMillis(Patience.limitMs())
            .autoNegotiateProtocol(false)
            .password(options.password().isEmpty() ? null : options.password())
            .build());
  }

  /**
   * The value, as soon as the node brings it: a peer that is late is a miss, as promised, so on a
   * busy machine it is asked again.
   */
  public static byte[] found(Jedis node, byte[] key) {
    byte[] value = node.get(key);
    return value != null
        ? value
        : Objects.requireNonNull(await().until(() -> node.get(key), Objects::nonNull));
  }

  /** How many nodes hold the key on their own device. */
  public int copies(byte[] key) {
    return copies(List.of(key))[0];
  }

  /** For each key, how many nodes hold it on their own device. */
  public int[] copies(List<byte[]> keys) {
    int[] copies = new int[keys.size()];
    for (int i = 0; i < size(); i++) {
      try (Jedis node = connect(i)) {
        List<?> held =
            (List<?>)
                node.sendCommand(
                    () -> "PEER.HOLDS".getBytes(US_ASCII), keys.toArray(byte[][]::new));
        for (int k = 0; k < copies.length; k++) {
          copies[k] += ((Long) held.get(k)).intValue();
        }
      }
    }
    return copies;
  }

  @Override
  public void close() {
    nodes.forEach(NodeProcess::close);
    coordinator.close();
    EmbeddedZooKeeper own = servers.own();
    if (own != null) {
      own.close();
    }
  }

  /** What the tests put: bytes that differ for every seed. */
  public static byte[] value(int length, long seed) {
    byte[] bytes = new byte[length];
    new java.util.Random(seed).nextBytes(bytes);
    return bytes;
  }
}
