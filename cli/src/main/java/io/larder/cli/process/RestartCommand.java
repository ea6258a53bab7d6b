package io.larder.cli.process;

import io.larder.cli.console.ExitCode;
import io.larder.testkit.local.RestartDesk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Restarts an ended part of a cluster that {@code up} runs. */
@Command(
    name = "restart",
    description =
        "Start a node, or a coordinator, again that has ended under a running `larder up`, and wait"
            + " until it is ready.")
@SuppressWarnings("NullAway.Init") // picocli sets them
final class RestartCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @ParentCommand private UpCommand up;

  @Parameters(paramLabel = "NAME", description = "Which, e.g. node-2.")
  private String name;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "The folder of the cluster, as `up` printed it.")
  private @Nullable Path dir;

  @Override
  public Integer call() throws IOException {
    Path folder = dir == null ? up.dir() : dir;
    if (folder == null) {
      throw new ParameterException(
          spec.commandLine(), "--dir DIR: say which cluster, by the folder that `up` printed");
    }
    boolean done =
        RestartDesk.ask(
            folder.toAbsolutePath().normalize(),
            name,
            line -> System.err.println("larder: " + line));
    return done ? ExitCode.OK : ExitCode.FAILED;
  }
}
