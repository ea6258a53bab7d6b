package io.larder.cli;

import io.larder.cli.console.ExitCode;
import io.larder.cli.bench.BenchCommand;
import io.larder.cli.bench.DemoCommand;
import io.larder.cli.device.DeviceCommand;
import io.larder.cli.process.DoctorCommand;
import io.larder.cli.process.NodeCommand;
import io.larder.cli.process.ProbeCommand;
import io.larder.cli.process.UpCommand;
import io.larder.cli.process.ZooKeeperCommand;
import io.larder.cli.admin.AdminCommand;
import io.larder.cli.process.CoordinatorCommand;
import io.larder.cli.admin.StatusCommand;
import io.larder.coordinator.config.ConfigException;
import io.larder.bench.VoidRunException;
import io.larder.cli.doctor.UnfitException;
import io.larder.testkit.local.LocalClusterException;
import io.larder.node.store.StoreException;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.Security;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
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
  /** A node that moved is found again within seconds; the JDK would keep its old address for 30. */
  private static final String NAME_CACHE_SECONDS = "2";

  private static final Set<String> SERVICES = Set.of("node", "coordinator", "zookeeper");

  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli sets the spec
  private Larder() {}

  public static void main(String[] args) {
    // Before the first name is looked up.
    Security.setProperty("networkaddress.cache.ttl", NAME_CACHE_SECONDS);
    Security.setProperty("networkaddress.cache.negative.ttl", NAME_CACHE_SECONDS);
    System.exit(run(args));
  }

  /** Runs one command and answers its exit code. */
  public static int run(String... args) {
    // Before the first logger, and the commands have some: services log what they do, commands only
    // what is wrong.
    boolean service = args.length > 0 && SERVICES.contains(args[0]);
    System.setProperty("larder.log.own", service ? "INFO" : "WARN");
    System.setProperty("larder.log.others", service ? "WARN" : "ERROR");
    return new CommandLine(new Larder())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Larder::failed)
        .execute(args);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (System.getenv("LARDER_DEBUG") != null) {
      e.printStackTrace(err);
    }
    return switch (e) {
      case ConfigException wrong -> {
        err.println("larder: " + wrong.getMessage());
        yield ExitCode.USAGE;
      }
      // Their messages are written for people.
      case UnfitException known -> say(err, String.valueOf(known.getMessage()));
      case VoidRunException known -> say(err, String.valueOf(known.getMessage()));
      case StoreException known -> say(err, String.valueOf(known.getMessage()));
      case LocalClusterException known -> say(err, String.valueOf(known.getMessage()));
      case IOException known ->
          say(err, known.getClass().getSimpleName() + ": " + known.getMessage());
      default -> {
        err.println("larder: this is a bug, please report it:");
        e.printStackTrace(err);
        yield ExitCode.FAILED;
      }
    };
  }

  private static int say(PrintWriter err, String message) {
    err.println("larder: " + message);
    return ExitCode.FAILED;
  }
}
