package io.larder.cli.device;

import io.larder.cli.console.Bytes;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.Output;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.log.DeviceFormat;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prepares a device for a node. */
@Command(
    name = "format",
    description = {
      "Prepare a block device, or a file, for one node of one cluster.",
      "A device that holds anything is left alone unless --force is given."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the device and the spec
final class DeviceFormatCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DEVICE", description = "A block device or a file.")
  private Path device;

  @Option(
      names = "--cluster",
      paramLabel = "NAME",
      description = "The cluster's name. Default: ${DEFAULT-VALUE}.")
  private String cluster = ZooKeeperOptions.DEFAULT_CLUSTER;

  @Option(
      names = "--node-id",
      paramLabel = "ID",
      description = "The node's identity, which follows the device. Default: this host's name.")
  private @Nullable String nodeId;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description = "Make a sparse file of this size if there is nothing yet, e.g. 8GiB.")
  private long sizeBytes;

  @Option(
      names = "--max-value",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description =
          "The largest value; decides the segments' size on devices under 4 GiB. Default: as the"
              + " device's size allows.")
  private long maxValueBytes;

  @Option(names = "--force", description = "Destroy what is on the device.")
  private boolean force;

  @Option(
      names = "--if-empty",
      description =
          "Leave a device of this cluster as it is and end well, so that it may be run before every"
              + " start of a node.")
  private boolean ifEmpty;

  @Option(names = "--json", description = "Print one JSON object: whose device it is now.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws UnknownHostException {
    if (force && ifEmpty) {
      throw new ParameterException(
          spec.commandLine(), "--force and --if-empty contradict each other: give one");
    }
    if (ifEmpty && Files.exists(device)) {
      Optional<DeviceIdentity> known = DeviceFormat.inspect(device).identity();
      if (known.isPresent()) {
        return leave(known.get());
      }
    }
    String id = nodeId == null ? InetAddress.getLocalHost().getHostName() : nodeId;
    DeviceIdentity made =
        DeviceFormat.format(
            new FormatOptions(device, sizeBytes, cluster, id, maxValueBytes, force));
    if (json) {
      System.out.println(Output.json(made));
      return ExitCode.OK;
    }
    System.out.printf(
        "%s: formatted for node %s of cluster %s%n  %s for blocks in %d segments of %s, values up to"
            + " %s, uuid %s%n",
        device,
        made.nodeId(),
        made.cluster(),
        Output.bytes(made.capacityBytes()),
        made.segments(),
        Output.bytes(made.segmentBytes()),
        Output.bytes(made.maxValueBytes()),
        made.deviceUuid());
    return ExitCode.OK;
  }

  /** The node may have another id than the one given: its identity follows the device. */
  private int leave(DeviceIdentity known) {
    if (!known.cluster().equals(cluster)) {
      System.err.printf(
          "larder: %s belongs to node %s of cluster %s, not to cluster %s: it was left as it is; give that cluster's name, or --force instead of --if-empty if it may be erased%n",
          device, known.nodeId(), known.cluster(), cluster);
      return ExitCode.FAILED;
    }
    if (json) {
      System.out.println(Output.json(known));
    } else {
      System.out.printf(
          "%s: node %s of cluster %s already; left as it is%n",
          device, known.nodeId(), known.cluster());
    }
    return ExitCode.OK;
  }
}
