package io.larder.testkit.embedded;

import io.larder.client.LarderClient;
import io.larder.coordinator.config.AssignmentOptions;
import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real cluster of one node within this process: ZooKeeper, a coordinator and a node whose device
 * is a sparse file, on free ports of 127.0.0.1 and in a temporary folder that is removed with it.
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
  private static final EmbeddedCluster.Options OPTIONS =
      new EmbeddedCluster.Options(
          "embedded",
          2L << 30,
          MAX_VALUE_BYTES,
          256L << 20,
          "",
          NodeConfig.DEFAULTS.tls(),
          NodeConfig.DEFAULTS.limits(),
          new AssignmentOptions(0, 0, 0, false));

  private final Path dir;
  private final EmbeddedCluster cluster;

  private EmbeddedLarder(Path dir, EmbeddedCluster cluster) {
    this.dir = dir;
    this.cluster = cluster;
  }

  /**
   * Starts everything; returns when it serves, usually in a second or two.
   *
   * @throws IOException if it does not start; the message names the part and the cause
   */
  public static EmbeddedLarder start() throws IOException {
    Path dir = Files.createTempDirectory("larder-embedded");
    try {
      return new EmbeddedLarder(
          dir, EmbeddedCluster.start(dir, 1, OPTIONS, EmbeddedCluster.Servers.one(dir)));
    } catch (IOException | RuntimeException e) {
      remove(dir);
      throw e;
    }
  }

  /** {@code host:port} of the node, for any client that speaks RESP. */
  public String address() {
    return "127.0.0.1:" + cluster.node(0).port();
  }

  /** A client of this cluster with default settings, which the caller closes. */
  public LarderClient newClient() {
    return LarderClient.builder().localNode(address()).build();
  }

  /** Stops everything and removes its data; logs failures. Idempotent. */
  @Override
  public synchronized void close() {
    cluster.close();
    remove(dir);
  }

  private static void remove(Path dir) {
    if (!Files.exists(dir)) {
      return;
    }
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.warn("the folder {} of an embedded cluster cannot be removed", dir, e);
    }
  }
}
