package io.larder.coordinator.config;

import io.larder.coordinator.registry.ZooKeeperOptions;

/**
 * Everything a coordinator can be told.
 *
 * @param cluster the cluster's name
 * @param zookeeper how to reach ZooKeeper
 * @param http where metrics and health are served
 * @param assignment how patiently slots are assigned
 */
public record CoordinatorConfig(
    @Setting("the cluster's name") String cluster,
    ZooKeeper zookeeper,
    Http http,
    AssignmentOptions assignment) {

  /**
   * How to reach ZooKeeper. Fit for a node's configuration too.
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
     * As the sessions want it.
     *
     * @throws IllegalArgumentException if the values do not go together
     */
    public ZooKeeperOptions options(String cluster) {
      return ZooKeeperOptions.of(connect, cluster, sessionTimeoutMs, tickMs);
    }
  }

  /**
   * Where metrics and health are served.
   *
   * @param listen {@code host:port}; empty = nowhere
   */
  public record Http(@Setting("host:port of /metrics, /live, /ready; empty = none") String listen) {
    /** Refuses what is no {@code host:port}. */
    public Http {
      if (!listen.isEmpty()) {
        HostPort.parse(listen);
      }
    }
  }

  /** What holds where nothing is said. */
  public static final CoordinatorConfig DEFAULT =
      new CoordinatorConfig(
          ZooKeeperOptions.DEFAULT_CLUSTER,
          ZooKeeper.DEFAULT,
          new Http(""),
          AssignmentOptions.DEFAULT);

  /** Refuses a ZooKeeper section whose values do not go together. */
  public CoordinatorConfig {
    var _ = zookeeper.options(cluster);
  }

  /** The ZooKeeper section and the cluster's name together. */
  public ZooKeeperOptions zooKeeperOptions() {
    return zookeeper.options(cluster);
  }
}
