package io.larder.testkit.local;

/**
 * The preferred TCP ports of a local cluster.
 *
 * @param kept whether to take the well-known ports where they are free, and to store them in the
 *     cluster's folder for its next start; else any free ones
 * @param base RESP port of the first node, the next one's the next; 0 = no preference
 * @param httpBase metrics port of the first node, the next one's the next, the coordinator's the
 *     one before; 0 = no preference
 * @param zooKeeper ZooKeeper's port; 0 = no preference
 */
public record PortPreferences(boolean kept, int base, int httpBase, int zooKeeper) {
  /** Default RESP port of the first node. */
  public static final int BASE = 7379;

  /** Default metrics port of the first node. */
  public static final int HTTP_BASE = 9379;

  /** ZooKeeper's default port. */
  public static final int ZOOKEEPER = 2181;

  /** Any free ports, others at each start. */
  public static final PortPreferences ANY = new PortPreferences(false, 0, 0, 0);

  /** The well-known ports where they are free; the same at each start. */
  public static final PortPreferences WELL_KNOWN = new PortPreferences(true, 0, 0, 0);

  private static final int MAX_PORT = 65_535;

  /**
   * @throws IllegalArgumentException if a port is out of range
   */
  public PortPreferences {
    require("--port", base, 1);
    require("--http-port", httpBase, 2);
    require("--zookeeper-port", zooKeeper, 1);
  }

  private static void require(String option, int port, int least) {
    int most = MAX_PORT - LocalClusterOptions.MAX_NODES;
    if (port != 0 && (port < least || port > most)) {
      throw new IllegalArgumentException(
          "%s %d: %d to %d, so that every node's is a port".formatted(option, port, least, most));
    }
  }

  /** RESP port of the first node. */
  public int firstPort() {
    return base == 0 ? BASE : base;
  }

  /** Metrics port of the first node. */
  public int firstHttpPort() {
    return httpBase == 0 ? HTTP_BASE : httpBase;
  }

  /** ZooKeeper's port. */
  public int zooKeeperPort() {
    return zooKeeper == 0 ? ZOOKEEPER : zooKeeper;
  }
}
