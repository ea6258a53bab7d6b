package io.larder.system.cluster;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.larder.coordinator.config.AssignmentOptions;
import io.larder.node.NodeProcess;
import io.larder.node.config.NodeConfig;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import io.larder.testkit.embedded.EmbeddedCluster;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/**
 * A cluster within the test's process: a real ZooKeeper server, a coordinator, nodes with files as
 * devices, all over real sockets.
 */
public final class TestCluster implements AutoCloseable {
  static final String CLUSTER = "test";

  /** The most a node allows. */
  private static final long PEER_DEADLINE_MS = 60_000;

  /** Late nodes share in the first layout however late they are; absent nodes keep their slots. */
  private static final AssignmentOptions ASSIGNMENT =
      new AssignmentOptions(600_000, 600_000, 300, false);

  /**
   * Describes its nodes.
   *
   * @param deviceBytes of each device
   * @param maxValueBytes sets the size of a segment on a small device
   * @param password of nodes and coordinator; empty for none
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

  private final EmbeddedCluster cluster;
  private final Options options;

  public TestCluster(Path dir, int nodeCount) throws IOException {
    this(dir, nodeCount, Options.DEFAULT);
  }

  public TestCluster(Path dir, int nodeCount, Options options) throws IOException {
    this(dir, nodeCount, options, EmbeddedCluster.Servers.one(dir));
  }

  public TestCluster(Path dir, int nodeCount, Options options, EmbeddedCluster.Servers servers)
      throws IOException {
    this.options = options;
    cluster =
        EmbeddedCluster.start(
            dir,
            nodeCount,
            new EmbeddedCluster.Options(
                CLUSTER,
                options.deviceBytes(),
                options.maxValueBytes(),
                256L << 20,
                options.password(),
                options.tls(),
                limits(),
                ASSIGNMENT),
            servers);
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

  private static NodeConfig.Limits limits() {
    NodeConfig.Limits defaults = NodeConfig.DEFAULTS.limits();
    return new NodeConfig.Limits(
        defaults.maxConnections(),
        defaults.setWaitMs(),
        defaults.plainSetWaitMs(),
        defaults.plainSessions(),
        PEER_DEADLINE_MS);
  }

  /**
   * Another coordinator leads from now on: the cluster is not young any more, nodes that join get
   * slots by plan only.
   */
  public void restartCoordinator() throws IOException {
    cluster.restartCoordinator();
  }

  /** Formats one more device and starts a node on it. */
  public void addNode() throws IOException {
    cluster.addNode();
  }

  /** A node that is there but cannot be reached: it announces an address where nobody listens. */
  public void addUnreachableNode() throws IOException {
    cluster.addUnreachableNode();
  }

  /** Stops a node in order; it keeps its place in the list. */
  public void stop(int index) {
    cluster.stop(index);
  }

  /** Waits until every node is ready and sees every other. */
  public void awaitReady() throws IOException {
    cluster.awaitReady();
  }

  private static void awaitUntil(Callable<Boolean> condition) {
    await().pollInterval(Duration.ofMillis(20)).until(condition);
  }

  /** Stops a node in order and starts it again on the same device. */
  public void restart(int index) throws IOException {
    cluster.restart(index);
  }

  public int size() {
    return cluster.size();
  }

  public NodeProcess node(int index) {
    return cluster.node(index);
  }

  public String zooKeeperAddress() {
    return cluster.zooKeeperAddress();
  }

  /** What a node's metrics page says, the sum over all tags; 0 for what it does not name. */
  public double metric(int index, String name) throws IOException {
    URI page = URI.create("http://127.0.0.1:" + cluster.node(index).httpPort() + "/metrics");
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
        new HostAndPort("127.0.0.1", cluster.node(index).port()),
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
    cluster.close();
  }

  /** What the tests put: bytes that differ for every seed. */
  public static byte[] value(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
