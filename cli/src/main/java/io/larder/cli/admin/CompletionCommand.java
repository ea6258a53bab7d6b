package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code larder admin completion}. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Print the completion script for bash and zsh.",
      "Use it with: source <(larder admin completion)"
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    CommandSpec command = spec;
    if (command == null) {
      throw new IllegalStateException("run through picocli");
    }
    CommandLine top = command.root().commandLine();
    command.commandLine().getOut().print(AutoComplete.bash(command.root().name(), top));
    command.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
