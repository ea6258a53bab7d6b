package io.larder.cli.bench;

import io.larder.bench.Demo;
import io.larder.bench.DemoOptions;
import io.larder.bench.LocalRun;
import io.larder.bench.Outage;
import io.larder.bench.Trace;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.doctor.Disk;
import io.larder.cli.doctor.Doctor;
import io.larder.cli.doctor.LocalRequirements;
import io.larder.cli.doctor.UnfitException;
import io.larder.cli.process.ServiceProcess;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The main job from end to end on this machine. */
@Command(
    name = "demo",
    description = {
      "Start a cluster and replay real requests on it, kill a node, bring it back, and account for"
          + " every block.",
      "Ends with exit code 1 if a promise was broken, 3 if blocks could not be judged since a node is"
          + " missing. A slow machine makes it slow."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class DemoCommand implements Callable<Integer> {
  /** The device size with which three nodes keep all blocks of the demo. */
  private static final long LEAST_DEVICE_BYTES = 2L << 30;

  @Spec private CommandSpec spec;

  @Mixin private ReplayOptions replay;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description =
          "A block device for one node; repeat it for each. Default: three sparse files of 8 GiB, less"
              + " where the disk has no room for that.")
  private List<Path> devices = new ArrayList<>();

  @Option(names = "--format", description = "Yes, everything on the devices given may be erased.")
  private boolean format;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Keep logs and devices here, in a new folder. Default: a temporary folder.")
  private @Nullable Path dir;

  @Mixin private ReportOptions output;
  private final CrashChoice crash;

  /** The node to kill and restart. */
  interface CrashChoice {
    Outage.Crash of(LocalCluster cluster, LocalRun run);
  }

  DemoCommand() {
    this((cluster, run) -> run.crashOf(1 % cluster.nodes().size()));
  }

  /** For tests that break the node in other ways. */
  DemoCommand(CrashChoice crash) {
    this.crash = crash;
  }

  @Override
  public Integer call() throws Exception {
    if (!devices.isEmpty() && !format) {
      throw new ParameterException(
          spec.commandLine(),
          "the demo writes a new cluster onto " + devices + ": add --format to erase them");
    }
    DemoOptions options = replay.demoOptions();
    LocalRequirements required = required();
    UnfitException.throwIfMissing(Doctor.localCluster(required));
    Trace trace = Trace.conversationSlice().first(replay.requests());
    LocalClusterOptions cluster =
        LocalClusterOptions.of(ServiceProcess.class)
            .nodes(required.nodes())
            .dir(dir)
            .devices(devices, format)
            .deviceBytes(required.deviceBytes())
            .build();
    ConsoleProgress progress = ConsoleProgress.onStandardError();
    JudgedRun judged =
        JudgedRun.start(
            cluster,
            progress,
            local -> {
              LocalRun run = new LocalRun(local);
              return Demo.run(
                  trace,
                  options,
                  run,
                  ReplayOptions.freshPrefix("demo"),
                  crash.of(local, run),
                  progress);
            });
    return output.report(judged, ReportPrinter.replay(judged.report()));
  }

  /** The processes get any free ports. */
  private LocalRequirements required() {
    int nodes = devices.isEmpty() ? LocalClusterOptions.DEFAULT_NODES : devices.size();
    int files = devices.isEmpty() ? nodes : 0;
    Path place = dir == null ? Path.of(System.getProperty("java.io.tmpdir")) : dir;
    return new LocalRequirements(
        nodes,
        files,
        place,
        Disk.sizeFor(place, files, LocalClusterOptions.DEFAULT_DEVICE_BYTES, LEAST_DEVICE_BYTES),
        "",
        LocalClusterOptions.DEFAULT_MEMORY_BYTES,
        Map.of(),
        Set.of());
  }
}
