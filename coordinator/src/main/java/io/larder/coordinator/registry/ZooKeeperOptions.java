package io.larder.coordinator.registry;

import java.util.regex.Pattern;

/**
 * The connection to the cluster's ZooKeeper and the times of its sessions.
 *
 * @param connect comma-separated {@code host:port} list of the ZooKeeper servers
 * @param cluster the cluster's name; everything lies under {@code /larder/<cluster>}
 * @param sessionTimeoutMs the requested session timeout; the server may negotiate another
 * @param tickMs the {@code tickTime} of the ZooKeeper servers. The fence leaves this much: a
 *     follower reports its live sessions to the leader only every half tick
 * @param heartbeatMs time between two heartbeat writes
 */
public record ZooKeeperOptions(
    String connect, String cluster, int sessionTimeoutMs, int tickMs, int heartbeatMs) {

  /** Session timeout unless another is given. */
  public static final int DEFAULT_SESSION_TIMEOUT_MS = 6_000;

  /** ZooKeeper's own default {@code tickTime}. */
  public static final int DEFAULT_TICK_MS = 2_000;

  /** The cluster's name unless another is given. */
  public static final String DEFAULT_CLUSTER = "larder";

  /** The margin for clock granularity and rounding beside the tick. */
  public static final int FENCE_EPSILON_MS = 100;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern CONNECT =
      Pattern.compile("[^\\s,:/]+(:\\d{1,5})?(,[^\\s,:/]+(:\\d{1,5})?)*");

  /**
   * @throws IllegalArgumentException if a value is out of range, or if the timeouts leave no time
   *     in which the node may grant
   */
  public ZooKeeperOptions {
    if (!CONNECT.matcher(connect).matches()) {
      throw new IllegalArgumentException(
          "zookeeper.connect '" + connect + "': expected host:port[,host:port…]");
    }
    if (!NAME.matcher(cluster).matches()) {
      throw new IllegalArgumentException(
          "cluster name '" + cluster + "': expected 1 to 64 letters, digits, '.', '_' or '-'");
    }
    requireRange("sessionTimeoutMs", sessionTimeoutMs, 1_000, 600_000);
    requireRange("tickMs", tickMs, 1, 60_000);
    requireRange("heartbeatMs", heartbeatMs, 10, 60_000);
    if (grantWindowMs(sessionTimeoutMs, tickMs) <= 2L * heartbeatMs) {
      throw new IllegalArgumentException(
          "zookeeper.sessionTimeoutMs %d leaves no time to grant with zookeeper.tickMs %d and a heartbeat every %d ms: it must exceed the tick, two heartbeats and %d ms; raise it, or lower zookeeper.tickMs to the servers' tickTime"
              .formatted(sessionTimeoutMs, tickMs, heartbeatMs, FENCE_EPSILON_MS));
    }
  }

  /** Defaults for servers with ZooKeeper's default {@code tickTime} of 2000 ms. */
  public static ZooKeeperOptions of(String connect, String cluster) {
    return of(connect, cluster, DEFAULT_SESSION_TIMEOUT_MS, DEFAULT_TICK_MS);
  }

  /** A heartbeat every sixth of the session timeout. */
  public static ZooKeeperOptions of(
      String connect, String cluster, int sessionTimeoutMs, int tickMs) {
    return new ZooKeeperOptions(connect, cluster, sessionTimeoutMs, tickMs, sessionTimeoutMs / 6);
  }

  /**
   * The time from sending the last but one acknowledged heartbeat during which the node may grant,
   * for a negotiated session timeout.
   */
  public static long grantWindowMs(int negotiatedTimeoutMs, int tickMs) {
    return (long) negotiatedTimeoutMs - tickMs - FENCE_EPSILON_MS;
  }

  private static void requireRange(String key, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "%s %d: expected %d to %d".formatted(key, value, min, max));
    }
  }
}
