package io.larder.cli.admin;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larder admin}: the operator's commands. */
@Command(
    name = "admin",
    mixinStandardHelpOptions = true,
    description = {
      "Look at a cluster and change it.",
      "What changes something shows first what it would do, and does it with --yes."
    },
    subcommands = {
      StatusCommand.class,
      NodesCommand.class,
      SlotsCommand.class,
      RebalanceCommand.class,
      NodeAdminCommand.class,
      KeyCommand.class,
      CheckCommand.class,
      CompletionCommand.class
    })
public final class AdminCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    group(spec);
  }

  /** A group's name alone is a usage error. */
  static void group(@Nullable CommandSpec spec) {
    if (spec == null) {
      throw new IllegalStateException("run through picocli");
    }
    throw new ParameterException(
        spec.commandLine(), "Which of " + String.join(", ", spec.subcommands().keySet()) + "?");
  }
}
