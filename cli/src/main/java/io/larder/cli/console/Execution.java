package io.larder.cli.console;

import io.larder.bench.VoidRunException;
import io.larder.cli.doctor.UnfitException;
import io.larder.coordinator.config.ConfigException;
import io.larder.node.store.StoreException;
import io.larder.testkit.local.LocalClusterException;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.Security;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** Runs one command in this process: its log levels, its messages and its exit code. */
public final class Execution {
  /** Short, so that a node's new address is found within seconds; the JDK's default is 30. */
  private static final String NAME_CACHE_SECONDS = "2";

  private static final Set<String> SERVICES = Set.of("node", "coordinator", "zookeeper");

  private Execution() {}

  /** Runs a process's only command and ends the process with its exit code. */
  public static void main(Object root, String[] args) {
    // Before the first name is looked up.
    Security.setProperty("networkaddress.cache.ttl", NAME_CACHE_SECONDS);
    Security.setProperty("networkaddress.cache.negative.ttl", NAME_CACHE_SECONDS);
    System.exit(run(root, args));
  }

  /**
   * Runs one command.
   *
   * @param root the command whose subcommands the first argument names
   * @return its exit code
   */
  public static int run(Object root, String... args) {
    // Commands have loggers: the levels are set before the first of them is made.
    boolean service = args.length > 0 && SERVICES.contains(args[0]);
    System.setProperty("larder.log.own", service ? "INFO" : "WARN");
    System.setProperty("larder.log.others", service ? "WARN" : "ERROR");
    return new CommandLine(root)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Execution::failed)
        .execute(args);
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
