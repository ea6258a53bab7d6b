package io.larder.testkit.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.zookeeper.server.embedded.ExitHandler;
import org.apache.zookeeper.server.embedded.ZooKeeperServerEmbedded;

/**
 * A ZooKeeper server with its data in a directory, alone or one of an ensemble; every write is
 * synced to disk. Its tick is short so that sessions of 1–6 s work.
 */
public final class EmbeddedZooKeeper implements AutoCloseable {
  /** The server's {@code tickTime}; give it to {@code ZooKeeperOptions}. */
  public static final int TICK_MS = 500;

  private static final int MIN_SESSION_TIMEOUT_MS = 1_000;
  private static final int MAX_SESSION_TIMEOUT_MS = 60_000;

  /** The start may be slow on a busy machine; a start that cannot succeed fails at once. */
  private static final long START_TIMEOUT_MS = 300_000;

  /** Ticks in which a server must have caught up with the leader, and may lag behind it. */
  private static final int INIT_TICKS = 20;

  private static final int SYNC_TICKS = 6;

  private final ZooKeeperServerEmbedded server;
  private final String address;

  private EmbeddedZooKeeper(ZooKeeperServerEmbedded server, String address) {
    this.server = server;
    this.address = address;
  }

  /**
   * A server of an ensemble.
   *
   * @param host its address
   * @param clientPort for sessions
   * @param quorumPort for the leader's messages to the others
   * @param electionPort for elections
   */
  public record Member(String host, int clientPort, int quorumPort, int electionPort) {
    /** {@code host:port} for sessions. */
    public String address() {
      return host + ":" + clientPort;
    }
  }

  /**
   * Starts a server on 127.0.0.1 and waits until it answers.
   *
   * @param dir the folder of its data; created if missing
   * @param port client port; 0 = any free one
   * @throws IOException if it cannot start; the message names directory and port
   */
  public static EmbeddedZooKeeper start(Path dir, int port) throws IOException {
    Properties config = new Properties();
    config.setProperty("clientPort", Integer.toString(port));
    config.setProperty("clientPortAddress", "127.0.0.1");
    return start(dir, config);
  }

  /**
   * Starts one server of an ensemble; it serves once a majority has found each other.
   *
   * @param dir the folder of its data; created if missing
   * @param members all servers of the ensemble, in the same order everywhere
   * @param index the place of this server in the list
   * @throws IOException if it cannot start; the message names directory and port
   */
  public static EmbeddedZooKeeper startMember(Path dir, List<Member> members, int index)
      throws IOException {
    Path data = Files.createDirectories(dir.resolve("data"));
    Files.writeString(data.resolve("myid"), (index + 1) + "\n");
    Properties config = new Properties();
    config.setProperty("initLimit", Integer.toString(INIT_TICKS));
    config.setProperty("syncLimit", Integer.toString(SYNC_TICKS));
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      config.setProperty(
          "server." + (i + 1),
          "%s:%d:%d;%s:%d"
              .formatted(
                  member.host(),
                  member.quorumPort(),
                  member.electionPort(),
                  member.host(),
                  member.clientPort()));
    }
    return start(dir, config);
  }

  private static EmbeddedZooKeeper start(Path dir, Properties config) throws IOException {
    Files.createDirectories(dir);
    config.setProperty("dataDir", dir.resolve("data").toString());
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
      removeWrittenConfiguration(dir);
      server.start(START_TIMEOUT_MS);
      return new EmbeddedZooKeeper(server, server.getConnectionString());
    } catch (Exception e) {
      if (server != null) {
        server.close();
      }
      throw new IOException(
          "an embedded ZooKeeper with data in %s cannot start: %s; free its port, or see the log"
              .formatted(dir, e.getMessage()),
          e);
    }
  }

  /** Removes the configuration files that the server writes at each start and leaves behind. */
  private static void removeWrittenConfiguration(Path dir) throws IOException {
    try (DirectoryStream<Path> written =
        Files.newDirectoryStream(dir, "zookeeper.configuration*.properties")) {
      for (Path file : written) {
        Files.delete(file);
      }
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
