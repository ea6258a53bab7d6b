package io.larder.testkit.local;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a local cluster is to be.
 *
 * @param nodes how many nodes; 0 for as many as the folder has, 3 in a new one
 * @param dir where everything is kept; null for a temporary folder that goes with the cluster
 * @param devices block devices to use, one a node; empty for sparse files in the folder
 * @param format whether these block devices may be erased
 * @param deviceBytes size of a device file that is made
 * @param memoryBytes payload memory of each node
 * @param ports which ports the processes get
 * @param zooKeepers servers of ZooKeeper: one within this process, or several in processes
 * @param coordinators of which one leads
 * @param sites where the process of each name runs
 */
public record LocalClusterOptions(
    int nodes,
    @Nullable Path dir,
    List<Path> devices,
    boolean format,
    long deviceBytes,
    long memoryBytes,
    PortWishes ports,
    int zooKeepers,
    int coordinators,
    Function<String, Site> sites) {
  /** Nodes of a new cluster unless told otherwise. */
  public static final int DEFAULT_NODES = 3;

  /** Each is a process. */
  public static final int MAX_NODES = 64;

  /** Size of a sparse device file. */
  public static final long DEFAULT_DEVICE_BYTES = 8L << 30;

  /** Payload memory of a node on a developer's machine. */
  public static final long DEFAULT_MEMORY_BYTES = 512L << 20;

  public LocalClusterOptions {
    devices = List.copyOf(devices);
    if (nodes < 0 || nodes > MAX_NODES) {
      throw new IllegalArgumentException(nodes + " nodes: a local cluster has 1 to " + MAX_NODES);
    }
    if (!devices.isEmpty() && nodes != devices.size()) {
      throw new IllegalArgumentException(
          "%d devices for %d nodes: give one device a node".formatted(devices.size(), nodes));
    }
  }

  /** One ZooKeeper server and one coordinator, all on the loopback address. */
  public LocalClusterOptions(
      int nodes,
      @Nullable Path dir,
      List<Path> devices,
      boolean format,
      long deviceBytes,
      long memoryBytes,
      PortWishes ports) {
    this(nodes, dir, devices, format, deviceBytes, memoryBytes, ports, 1, 1, Site.LOOPBACK);
  }

  /**
   * As above.
   *
   * @param wellKnownPorts whether to take the well-known ports where they are free
   */
  public LocalClusterOptions(
      int nodes,
      @Nullable Path dir,
      List<Path> devices,
      boolean format,
      long deviceBytes,
      long memoryBytes,
      boolean wellKnownPorts) {
    this(nodes, dir, devices, format, deviceBytes, memoryBytes, wishes(wellKnownPorts));
  }

  /**
   * With several servers, coordinators or sites.
   *
   * @param wellKnownPorts whether to take the well-known ports where they are free
   */
  public LocalClusterOptions(
      int nodes,
      @Nullable Path dir,
      List<Path> devices,
      boolean format,
      long deviceBytes,
      long memoryBytes,
      boolean wellKnownPorts,
      int zooKeepers,
      int coordinators,
      Function<String, Site> sites) {
    this(
        nodes,
        dir,
        devices,
        format,
        deviceBytes,
        memoryBytes,
        wishes(wellKnownPorts),
        zooKeepers,
        coordinators,
        sites);
  }

  private static PortWishes wishes(boolean wellKnownPorts) {
    return wellKnownPorts ? PortWishes.WELL_KNOWN : PortWishes.ANY;
  }

  /** Three nodes on sparse files in a temporary folder. */
  public static LocalClusterOptions temporary() {
    return new LocalClusterOptions(
        DEFAULT_NODES, null, List.of(), false, DEFAULT_DEVICE_BYTES, DEFAULT_MEMORY_BYTES, false);
  }
}
