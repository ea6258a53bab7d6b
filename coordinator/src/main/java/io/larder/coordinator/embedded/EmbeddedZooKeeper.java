package io.larder.coordinator.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.zookeeper.server.embedded.ExitHandler;
import org.apache.zookeeper.server.embedded.ZooKeeperServerEmbedded;

/**
 * One ZooKeeper server on 127.0.0.1 with its data in a directory; every write is synced to disk.
 * Its tick is short so that sessions of 1–6 s work.
 */
public final class EmbeddedZooKeeper implements AutoCloseable {
  /** The server's {@code tickTime}; give it to {@code ZooKeeperOptions}. */
  public static final int TICK_MS = 500;

  private static final int MIN_SESSION_TIMEOUT_MS = 1_000;
  private static final int MAX_SESSION_TIMEOUT_MS = 60_000;
  private static final long START_TIMEOUT_MS = 30_000;

  private final ZooKeeperServerEmbedded server;
  private final String address;

  private EmbeddedZooKeeper(ZooKeeperServerEmbedded server, String address) {
    this.server = server;
    this.address = address;
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @param dir where its data lies; created if missing
   * @param port client port; 0 = any free one
   * @throws IOException if it cannot start; the message says which directory and port
   */
  public static EmbeddedZooKeeper start(Path dir, int port) throws IOException {
    Files.createDirectories(dir);
    Properties config = new Properties();
    config.setProperty("dataDir", dir.resolve("data").toString());
    config.setProperty("clientPort", Integer.toString(port));
    config.setProperty("clientPortAddress", "127.0.0.1");
    config.setProperty("tickTime", Integer.toString(TICK_MS));
    config.setProperty("minSessionTimeout", Integer.toString(MIN_SESSION_TIMEOUT_MS));
    config.setProperty("maxSessionTimeout", Integer.toString(MAX_SESSION_TIMEOUT_MS));
    config.setProperty("maxClientCnxns", "0");
    config.setProperty("admin.enableServer", "false");
    config.setProperty("4lw.commands.whitelist", "srvr,mntr,ruok");
    config.setProperty("autopurge.snapRetainCount", "3");
    config.setProperty("autopurge.purgeInterval", "1");
    ZooKeeperServerEmbedded server = null;
    try {
      server =
          ZooKeeperServerEmbedded.builder()
              .baseDir(dir)
              .configuration(config)
              .exitHandler(ExitHandler.LOG_ONLY)
              .build();
      server.start(START_TIMEOUT_MS);
      return new EmbeddedZooKeeper(server, server.getConnectionString());
    } catch (Exception e) {
      if (server != null) {
        server.close();
      }
      throw new IOException(
          "an embedded ZooKeeper with data in %s cannot start on port %d: %s; free the port, or see the log"
              .formatted(dir, port, e.getMessage()),
          e);
    }
  }

  /** {@code host:port} to connect to. */
  public String address() {
    return address;
  }

  /** Stops the server; its data stays. */
  @Override
  public void close() {
    server.close();
  }
}
