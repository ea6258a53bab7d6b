package io.larder.cli.process;

import io.larder.cli.console.Bytes;
import io.larder.cli.doctor.Disk;
import io.larder.cli.doctor.LocalRequirements;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.LocalFolder;
import io.larder.testkit.local.PortPreferences;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a cluster on this machine, for {@code up} and the doctor. */
@SuppressWarnings("NullAway.Init") // picocli sets the spec
final class LocalOptions {
  /** The smallest default; smaller devices need --device-size. */
  private static final long LEAST_DEVICE_BYTES = 1L << 30;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "How many nodes. Default: as many as DIR has, 3 in a new one.")
  private @Nullable Integer nodes;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Keep everything here; a second start finds it again. Default: a temporary folder.")
  private @Nullable Path dir;

  @Option(
      names = "--memory",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description = "Payload memory of each node. Default: 512MiB.")
  private long memoryBytes = LocalClusterOptions.DEFAULT_MEMORY_BYTES;

  @Option(
      names = "--device-size",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description =
          "Size of a new node's device file, which is sparse. Default: 8GiB, less where the disk has"
              + " no room for that.")
  private @Nullable Long deviceBytes;

  @Option(
      names = "--port",
      paramLabel = "BASE",
      description =
          "RESP port of the first node; each next one has the next. Default: DIR's, or 7379, or any"
              + " that are free.")
  private int port;

  @Option(
      names = "--http-port",
      paramLabel = "BASE",
      description =
          "Metrics port of the first node; each next one has the next, the coordinator the one"
              + " before. Default: DIR's, or 9379, or any that are free.")
  private int httpPort;

  @Option(
      names = "--zookeeper-port",
      paramLabel = "PORT",
      description = "ZooKeeper's port. Default: DIR's, or 2181, or any that is free.")
  private int zooKeeperPort;

  @Nullable Path dir() {
    return dir;
  }

  /** The requirements to check before the start. */
  LocalRequirements required() throws IOException {
    LocalFolder known = LocalFolder.look(dir);
    int count = nodes(known);
    int made = count - known.nodesWithDevice();
    PortPreferences preferences = ports();
    Map<String, Integer> ports = new TreeMap<>();
    Set<String> insisted = new TreeSet<>();
    BiConsumer<String, Integer> wish =
        (name, port) -> {
          ports.put(name, port);
          insisted.add(name);
        };
    BiConsumer<String, Integer> usual = (name, port) -> ports.put(name, known.port(name, port));
    (preferences.zooKeeper() == 0 ? usual : wish).accept("zookeeper", preferences.zooKeeperPort());
    BiConsumer<String, Integer> http = preferences.httpBase() == 0 ? usual : wish;
    http.accept("coordinator-1", preferences.firstHttpPort() - 1);
    BiConsumer<String, Integer> resp = preferences.base() == 0 ? usual : wish;
    for (int i = 0; i < count; i++) {
      String name = "node-" + (i + 1);
      resp.accept(name, preferences.firstPort() + i);
      http.accept(name + ".http", preferences.firstHttpPort() + i);
    }
    return new LocalRequirements(
        count,
        Math.max(0, made),
        known.place(),
        deviceBytes(known.place(), Math.max(0, made)),
        "--device-size",
        memoryBytes,
        ports,
        insisted);
  }

  /** The cluster to start, with sizes from {@link #required}. */
  LocalClusterOptions options(LocalRequirements required) {
    return LocalClusterOptions.of(ServiceProcess.class)
        .nodes(nodes == null ? 0 : nodes)
        .dir(dir)
        .deviceBytes(required.deviceBytes())
        .memoryBytes(memoryBytes)
        .ports(ports())
        .build();
  }

  /** Whether new device files are smaller than usual because the disk has no room. */
  boolean isSmaller(LocalRequirements required) {
    return deviceBytes == null
        && required.newDevices() > 0
        && required.deviceBytes() < LocalClusterOptions.DEFAULT_DEVICE_BYTES;
  }

  private int nodes(LocalFolder known) {
    if (nodes != null) {
      if (nodes < 1 || nodes > LocalClusterOptions.MAX_NODES) {
        throw usage("--nodes %d: 1 to %d".formatted(nodes, LocalClusterOptions.MAX_NODES));
      }
      return nodes;
    }
    return known.nodes() == 0 ? LocalClusterOptions.DEFAULT_NODES : known.nodes();
  }

  private long deviceBytes(Path place, int made) {
    Long given = deviceBytes;
    return given == null
        ? Disk.sizeFor(place, made, LocalClusterOptions.DEFAULT_DEVICE_BYTES, LEAST_DEVICE_BYTES)
        : given;
  }

  private PortPreferences ports() {
    try {
      return new PortPreferences(true, port, httpPort, zooKeeperPort);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
