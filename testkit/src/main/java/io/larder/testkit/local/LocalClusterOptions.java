package io.larder.testkit.local;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Describes a local cluster. {@link #of} starts a builder.
 *
 * @param launcher the class whose {@code main} runs {@code larder}'s commands, in every process of
 *     the cluster
 * @param nodes how many nodes; 0 for as many as the folder has, 3 in a new one
 * @param dir the cluster's folder; null for a temporary one, removed with the cluster
 * @param devices block devices, one a node; empty for sparse files in the folder
 * @param format whether these block devices may be erased
 * @param deviceBytes size of a device file that is made
 * @param memoryBytes payload memory of each node
 * @param ports the processes' ports
 * @param zooKeepers servers of ZooKeeper: one within this process, or several in processes
 * @param coordinators of which one leads
 * @param locations the location of the process of each name
 */
public record LocalClusterOptions(
    Class<?> launcher,
    int nodes,
    @Nullable Path dir,
    List<Path> devices,
    boolean format,
    long deviceBytes,
    long memoryBytes,
    PortPreferences ports,
    int zooKeepers,
    int coordinators,
    Function<String, ProcessLocation> locations) {
  /** The default number of nodes of a new cluster. */
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

  /**
   * Three nodes on sparse files in a temporary folder, one ZooKeeper server and one coordinator,
   * all on free ports of the loopback address, by default.
   */
  public static Builder of(Class<?> launcher) {
    return new Builder(launcher);
  }

  /** Makes options. Not thread-safe. */
  public static final class Builder {
    private final Class<?> launcher;
    private int nodes = DEFAULT_NODES;
    private @Nullable Path dir;
    private List<Path> devices = List.of();
    private long deviceBytes = DEFAULT_DEVICE_BYTES;
    private long memoryBytes = DEFAULT_MEMORY_BYTES;
    private PortPreferences ports = PortPreferences.ANY;
    private int zooKeepers = 1;
    private int coordinators = 1;
    private Function<String, ProcessLocation> locations = ProcessLocation.LOOPBACK;
    private boolean format;

    private Builder(Class<?> launcher) {
      this.launcher = launcher;
    }

    /** How many nodes; 0 for as many as the folder has. */
    public Builder nodes(int count) {
      nodes = count;
      return this;
    }

    /** The cluster's folder; null for a temporary one. */
    public Builder dir(@Nullable Path folder) {
      dir = folder;
      return this;
    }

    /** Block devices, one a node; none for sparse files. */
    public Builder devices(List<Path> blockDevices, boolean mayErase) {
      devices = blockDevices;
      format = mayErase;
      return this;
    }

    /** Size of each device file that is made. */
    public Builder deviceBytes(long bytes) {
      deviceBytes = bytes;
      return this;
    }

    /** Payload memory of each node. */
    public Builder memoryBytes(long bytes) {
      memoryBytes = bytes;
      return this;
    }

    /** The processes' ports. */
    public Builder ports(PortPreferences preferences) {
      ports = preferences;
      return this;
    }

    /** An ensemble of ZooKeeper servers in processes, if more than one. */
    public Builder zooKeepers(int count) {
      zooKeepers = count;
      return this;
    }

    /** Coordinators, of which one leads. */
    public Builder coordinators(int count) {
      coordinators = count;
      return this;
    }

    /** The location of the process of each name. */
    public Builder locations(Function<String, ProcessLocation> placement) {
      locations = placement;
      return this;
    }

    /** The options. */
    public LocalClusterOptions build() {
      return new LocalClusterOptions(
          launcher,
          nodes,
          dir,
          devices,
          format,
          deviceBytes,
          memoryBytes,
          ports,
          zooKeepers,
          coordinators,
          locations);
    }
  }
}
