package io.larder.cli;

import io.larder.cli.admin.AdminCommand;
import io.larder.cli.admin.StatusCommand;
import io.larder.cli.bench.BenchCommand;
import io.larder.cli.bench.DemoCommand;
import io.larder.cli.console.Execution;
import io.larder.cli.device.DeviceCommand;
import io.larder.cli.process.CoordinatorCommand;
import io.larder.cli.process.DoctorCommand;
import io.larder.cli.process.NodeCommand;
import io.larder.cli.process.ProbeCommand;
import io.larder.cli.process.UpCommand;
import io.larder.cli.process.ZooKeeperCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The top command and the process's main. */
@Command(
    name = "larder",
    description = "A distributed cache tier for the KV blocks of LLM inference servers.",
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    usageHelpAutoWidth = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed",
      "2:wrong usage or configuration",
      "3:not healthy",
      "4:not in time"
    },
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      DoctorCommand.class,
      NodeCommand.class,
      CoordinatorCommand.class,
      ZooKeeperCommand.class,
      StatusCommand.class,
      ProbeCommand.class,
      AdminCommand.class,
      DeviceCommand.class,
      BenchCommand.class,
      CommandLine.HelpCommand.class,
    })
public final class Larder implements Runnable {
  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli sets the spec
  private Larder() {}

  public static void main(String[] args) {
    Execution.main(new Larder(), args);
  }

  /** Runs one command and returns its exit code. */
  public static int run(String... args) {
    return Execution.run(new Larder(), args);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }
}
