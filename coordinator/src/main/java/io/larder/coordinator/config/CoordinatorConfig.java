package io.larder.coordinator.config;

import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Tls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a coordinator.
 *
 * @param cluster the cluster's name
 * @param zookeeper the connection to ZooKeeper
 * @param http the address of metrics and health
 * @param assignment the delays of slot assignment
 * @param security the connections to nodes, for moves
 */
public record CoordinatorConfig(
    @Setting("the cluster's name") String cluster,
    ZooKeeper zookeeper,
    Http http,
    AssignmentOptions assignment,
    Security security) {

  /**
   * The security of connections to nodes.
   *
   * @param passwordFile file with the nodes' password; empty = they have none
   * @param tlsAuthorities the trusted authorities, PEM; empty = connections are plain
   * @param tlsCertificate the chain to present to the nodes, PEM; empty = none
   * @param tlsKey its private key, PEM
   */
  public record Security(
      @Setting("file with the nodes' password; empty = none") String passwordFile,
      @Setting("whom to trust when nodes speak TLS, PEM; empty = connections are plain")
          String tlsAuthorities,
      @Setting("certificate chain to show the nodes, PEM; empty = none") String tlsCertificate,
      @Setting("the chain's private key, PEM (PKCS#8) without a passphrase") String tlsKey) {

    private @Nullable String password() throws IOException {
      return passwordFile.isEmpty() ? null : Files.readString(Path.of(passwordFile)).strip();
    }

    private @Nullable Tls tls() throws IOException {
      return tlsAuthorities.isEmpty()
          ? null
          : Tls.of(path(tlsAuthorities), path(tlsCertificate), path(tlsKey));
    }

    private static @Nullable Path path(String name) {
      return name.isEmpty() ? null : Path.of(name);
    }
  }

  /**
   * The connection to ZooKeeper. Used in a node's configuration too.
   *
   * @param connect {@code host:port[,host:port…]}
   */
  public record ZooKeeper(
      @Setting("host:port[,host:port…] of the ZooKeeper servers") String connect,
      @Setting(value = "session timeout asked for, ms", min = 1_000, max = 600_000)
          int sessionTimeoutMs,
      @Setting(value = "tickTime of the ZooKeeper servers, ms", min = 1, max = 60_000) int tickMs) {

    /** A local server with ZooKeeper's default tick. */
    public static final ZooKeeper DEFAULT =
        new ZooKeeper(
            "127.0.0.1:2181",
            ZooKeeperOptions.DEFAULT_SESSION_TIMEOUT_MS,
            ZooKeeperOptions.DEFAULT_TICK_MS);

    /**
     * Converts the section for sessions.
     *
     * @throws IllegalArgumentException if the values contradict each other
     */
    public ZooKeeperOptions options(String cluster) {
      return ZooKeeperOptions.of(connect, cluster, sessionTimeoutMs, tickMs);
    }
  }

  /**
   * The address of metrics and health.
   *
   * @param listen {@code host:port}; empty = nowhere
   */
  public record Http(@Setting("host:port of /metrics, /live, /ready; empty = none") String listen) {
    /** Rejects anything but {@code host:port}. */
    public Http {
      if (!listen.isEmpty()) {
        HostPort.parse(listen);
      }
    }
  }

  /** The defaults. */
  public static final CoordinatorConfig DEFAULT =
      new CoordinatorConfig(
          ZooKeeperOptions.DEFAULT_CLUSTER,
          ZooKeeper.DEFAULT,
          new Http(""),
          AssignmentOptions.DEFAULT,
          new Security("", "", "", ""));

  /** Rejects a ZooKeeper section with contradictory values. */
  public CoordinatorConfig {
    zookeeper.options(cluster);
  }

  /**
   * The options of connections to nodes.
   *
   * @throws IOException if a file cannot be read
   */
  public ConnectionOptions nodes() throws IOException {
    return ConnectionOptions.DEFAULTS.withPassword(security.password()).withTls(security.tls());
  }

  /** The ZooKeeper section and the cluster's name together. */
  public ZooKeeperOptions zooKeeperOptions() {
    return zookeeper.options(cluster);
  }
}
