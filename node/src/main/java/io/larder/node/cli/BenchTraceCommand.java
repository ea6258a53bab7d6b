package io.larder.node.cli;

import io.larder.node.bench.BenchReport;
import io.larder.node.bench.Cluster;
import io.larder.node.bench.Demo;
import io.larder.node.bench.DemoOptions;
import io.larder.node.bench.DemoReport;
import io.larder.node.bench.LocalRun;
import io.larder.node.bench.RemoteCluster;
import io.larder.node.bench.Trace;
import io.larder.node.local.LocalCluster;
import io.larder.node.local.LocalClusterOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
      "Ends with exit code 1 if a promise was broken."
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
    DemoReport report;
    if (nodes.isEmpty()) {
      try (LocalCluster local =
          LocalCluster.start(LocalClusterOptions.temporary(), progress::say)) {
        report = replay(trace, options, new LocalRun(local), progress);
      }
    } else {
      report = replay(trace, options, new RemoteCluster(nodes), progress);
    }
    List<String> broken = report.brokenPromises();
    System.out.print(
        output.json()
            ? ReportPrinter.json(BenchReport.here(output.commandLine(), report.figures())) + "\n"
            : ReportPrinter.table(report));
    (output.json() || !broken.isEmpty() ? System.err : System.out)
        .println(ReportPrinter.verdict(broken));
    return broken.isEmpty() ? 0 : Larder.FAILED;
  }

  private static DemoReport replay(
      Trace trace, DemoOptions options, Cluster cluster, ConsoleProgress progress)
      throws IOException, InterruptedException {
    return Demo.run(trace, options, cluster, ReplayOptions.freshPrefix("trace"), null, progress);
  }
}
