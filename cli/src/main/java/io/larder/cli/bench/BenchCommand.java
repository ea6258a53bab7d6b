package io.larder.cli.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The benchmarks. */
@Command(
    name = "bench",
    description = "Measure Larder. Every benchmark has one shape of report.",
    subcommands = {
      BenchTraceCommand.class,
      BenchDeviceCommand.class,
      BenchWireCommand.class,
      BenchCrashCommand.class,
      BenchFaultsCommand.class,
      BenchLeasesCommand.class
    })
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which benchmark?");
  }
}
