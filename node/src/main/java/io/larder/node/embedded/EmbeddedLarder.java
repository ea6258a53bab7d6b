package io.larder.node.embedded;

import io.larder.client.LarderClient;
import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.coordinator.controller.Coordinator;
import io.larder.coordinator.embedded.EmbeddedZooKeeper;
import io.larder.coordinator.http.Readiness;
import io.larder.node.NodeProcess;
import io.larder.node.config.NodeConfig;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.log.DeviceFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real cluster of one node within this process: ZooKeeper, a coordinator and a node whose device
 * is a sparse file, on free ports of 127.0.0.1 and in a temporary folder that goes with it.
 *
 * <pre>{@code
 * try (EmbeddedLarder larder = EmbeddedLarder.start(); LarderClient client = larder.newClient()) {
 *   …
 * }
 * }</pre>
 *
 * <p>Needs Linux and a JVM started with {@code --enable-native-access=ALL-UNNAMED}. Thread-safe.
 */
public final class EmbeddedLarder implements AutoCloseable {
  /** The largest value it takes, in bytes. */
  public static final int MAX_VALUE_BYTES = 64 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedLarder.class);
  private static final String CLUSTER = "embedded";
  private static final long DEVICE_BYTES = 2L << 30;
  private static final long MEMORY_BYTES = 256L << 20;
  private static final int SESSION_TIMEOUT_MS = 30_000;
  private static final long START_MS = 30_000;
  private static final long POLL_MS = 10;

  /** What runs, the newest first. */
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  private String address = "";

  private EmbeddedLarder() {}

  /**
   * Starts everything; returns when it serves, usually in a second or two.
   *
   * @throws IOException if it does not start; the message says which part and why
   */
  public static EmbeddedLarder start() throws IOException {
    EmbeddedLarder larder = new EmbeddedLarder();
    try {
      larder.startParts();
      return larder;
    } catch (IOException | RuntimeException e) {
      larder.close();
      throw e;
    }
  }

  private void startParts() throws IOException {
    Path dir = Files.createTempDirectory("larder-embedded");
    parts.push(() -> remove(dir));
    EmbeddedZooKeeper zooKeeper = EmbeddedZooKeeper.start(dir.resolve("zookeeper"), 0);
    parts.push(zooKeeper);
    CoordinatorConfig.ZooKeeper access =
        new CoordinatorConfig.ZooKeeper(
            zooKeeper.address(), SESSION_TIMEOUT_MS, EmbeddedZooKeeper.TICK_MS);
    parts.push(
        Coordinator.start(
            access.options(CLUSTER), new AssignmentOptions(0, 0, 0, false), "embedded"));
    Path device = dir.resolve("device");
    DeviceIdentity _ =
        DeviceFormat.format(
            new FormatOptions(device, DEVICE_BYTES, CLUSTER, "node-1", MAX_VALUE_BYTES, false));
    NodeProcess node = NodeProcess.start(config(device, access));
    parts.push(node);
    address = "127.0.0.1:" + node.port();
    awaitReady(node);
  }

  private static NodeConfig config(Path device, CoordinatorConfig.ZooKeeper zooKeeper) {
    NodeConfig defaults = NodeConfig.DEFAULTS;
    return new NodeConfig(
        device,
        CLUSTER,
        defaults.zone(),
        new NodeConfig.Listen("127.0.0.1", 0, "", defaults.listen().transport(), 0),
        new NodeConfig.Http("127.0.0.1", 0),
        zooKeeper,
        new NodeConfig.Memory(MEMORY_BYTES, 0, 0),
        defaults.storage(),
        defaults.security(),
        defaults.tls(),
        defaults.limits());
  }

  private static void awaitReady(NodeProcess node) throws IOException {
    long deadline = System.nanoTime() + Duration.ofMillis(START_MS).toNanos();
    for (Readiness now = node.readiness(); !now.ready(); now = node.readiness()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "the embedded node is not ready after %d ms: %s".formatted(START_MS, now.reason()));
      }
      try {
        Thread.sleep(POLL_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while the embedded node starts", e);
      }
    }
  }

  /** {@code host:port} of the node, for any client that speaks RESP. */
  public String address() {
    return address;
  }

  /** A client of this cluster with default settings, which the caller closes. */
  public LarderClient newClient() {
    return LarderClient.builder().localNode(address).build();
  }

  /** Stops everything and removes what it stored; what fails is logged. Idempotent. */
  @Override
  public synchronized void close() {
    for (AutoCloseable part; (part = parts.poll()) != null; ) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.warn("the embedded cluster did not stop in order", e);
      }
    }
  }

  private static void remove(Path dir) throws IOException {
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
