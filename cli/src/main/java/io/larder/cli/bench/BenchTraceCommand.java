package io.larder.cli.bench;

import io.larder.bench.Cluster;
import io.larder.bench.Demo;
import io.larder.bench.DemoOptions;
import io.larder.bench.LocalRun;
import io.larder.bench.RemoteCluster;
import io.larder.bench.RunReport;
import io.larder.bench.Trace;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.process.ServiceProcess;
import io.larder.testkit.local.LocalClusterOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Replays a trace against a cluster. */
@Command(
    name = "trace",
    description = {
      "Replay requests in the format of the Mooncake traces (JSON lines, plain or gzip) as fast as"
          + " the cluster answers, verify every byte and read every stored block back.",
      "Ends with exit code 1 if a promise was broken or the cluster dropped puts, 3 if blocks could"
          + " not be judged since a node is missing."
    })
@SuppressWarnings("NullAway.Init") // picocli sets them
final class BenchTraceCommand implements Callable<Integer> {
  @Option(names = "--file", paramLabel = "F", required = true, description = "The trace.")
  private Path file;

  @Option(
      names = "--nodes",
      paramLabel = "HOST:PORT",
      split = ",",
      description =
          "The nodes of a running cluster. Default: start three here and stop them afterwards.")
  private List<String> nodes = new ArrayList<>();

  @Mixin private ReplayOptions replay;

  @Mixin private ReportOptions output;

  @Override
  public Integer call() throws Exception {
    DemoOptions options = replay.demoOptions();
    Trace trace = Trace.read(file, replay.requests());
    if (trace.requests().isEmpty()) {
      throw new IOException(file + " holds no requests");
    }
    ConsoleProgress progress = ConsoleProgress.onStandardError();
    JudgedRun judged =
        nodes.isEmpty()
            ? JudgedRun.start(
                LocalClusterOptions.of(ServiceProcess.class).build(),
                progress,
                local -> replay(trace, options, new LocalRun(local), progress))
            : new JudgedRun(
                replay(trace, options, new RemoteCluster(nodes), progress), Optional.empty());
    return output.report(judged, ReportPrinter.replay(judged.report()));
  }

  private static RunReport replay(
      Trace trace, DemoOptions options, Cluster cluster, ConsoleProgress progress)
      throws IOException, InterruptedException {
    return Demo.run(trace, options, cluster, ReplayOptions.freshPrefix("trace"), null, progress);
  }
}
