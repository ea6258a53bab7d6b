package io.larder.cli.bench;

import io.larder.bench.wire.WireBench;
import io.larder.bench.wire.WireBench.Part;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.process.ServiceProcess;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The wire and the client against their rivals. */
@Command(
    name = "wire",
    description = {
      "Drive one node and redis-server side by side, a bare server in C and other Java clients; medians"
          + " and ratios of alternating rounds.",
      "Needs redis-server and redis-benchmark; without a C compiler the bare server is left out."
          + " Ends with exit code 1 if a goal is missed."
    })
@SuppressWarnings("NullAway.Init") // picocli sets them
final class BenchWireCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ReportOptions output;

  @Option(
      names = "--only",
      paramLabel = "PART",
      split = ",",
      description = "Some parts: ${COMPLETION-CANDIDATES}. Default: all.")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds of each figure. Default: ${DEFAULT-VALUE}.")
  private int rounds = 5;

  @Option(names = "--quick", description = "A tenth of the work: an impression, not a measurement.")
  private boolean quick;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "A block device for the node; it is erased. Default: a sparse file of 8 GiB.")
  private @Nullable Path device;

  @Override
  public Integer call() throws Exception {
    if (rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds " + rounds + ": at least 1");
    }
    ConsoleProgress progress = ConsoleProgress.onStandardError();
    return output.report(
        new WireBench(ServiceProcess.class, parts, rounds, quick, device, progress).run());
  }
}
