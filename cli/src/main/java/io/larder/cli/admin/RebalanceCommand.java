package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.admin.NodeAnswers;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.MovePlanner;
import io.larder.coordinator.moves.RefusedException;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.ClusterImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larder admin rebalance}. */
@Command(
    name = "rebalance",
    mixinStandardHelpOptions = true,
    description = "Spread slots over the nodes, and bytes off nodes that are over-full.",
    subcommands = {
      RebalanceCommand.Plan.class,
      RebalanceCommand.Apply.class,
      RebalanceCommand.Status.class,
      RebalanceCommand.Cancel.class
    })
final class RebalanceCommand implements Runnable {
  static final String THROTTLE = "64MiB";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    AdminCommand.group(spec);
  }

  private static Move plan(AdminSubcommand subcommand, ClusterAdmin admin, long rate)
      throws IOException, InterruptedException {
    ClusterImage image = admin.image();
    NodeAnswers<Usage> usage = admin.usage(image);
    usage.problems().forEach(subcommand::say);
    long now = System.currentTimeMillis();
    return MovePlanner.rebalance(admin.cluster(), image, usage.byNode(), rate, now);
  }

  /** {@code plan}. */
  @Command(name = "plan", description = "Show what a rebalance would move; changes nothing.")
  static final class Plan extends MoveSubcommand {
    @Option(names = "--file", paramLabel = "FILE", description = "Write the plan here, for apply.")
    private @Nullable Path file;

    @Option(
        names = "--throttle",
        paramLabel = "BYTES",
        defaultValue = THROTTLE,
        description = "Bytes of values a second, e.g. 200MiB, or none (default: ${DEFAULT-VALUE}).")
    private String throttle = "";

    @Option(names = "--check", description = "Exit with 3 if there is something to move.")
    private boolean check;

    @Override
    int run(ClusterAdmin admin) throws IOException, InterruptedException {
      Move plan = plan(this, admin, rate(throttle));
      print(plan);
      if (plan.steps().isEmpty()) {
        say("nothing to move: slots are spread in proportion to capacity");
      }
      Path target = file;
      if (target != null) {
        write(plan, target);
        say(
            "written to "
                + target
                + ": larder admin rebalance apply "
                + target
                + " "
                + cluster().sameCluster());
      }
      return check && !plan.steps().isEmpty() ? ExitCode.UNHEALTHY : ExitCode.OK;
    }
  }

  /** {@code apply}. */
  @Command(name = "apply", description = "Carry out a plan: of a file, or with --yes a new one.")
  static final class Apply extends MoveSubcommand {
    @Parameters(
        arity = "0..1",
        paramLabel = "FILE",
        description = "A plan that was written before.")
    private @Nullable Path file;

    @Option(
        names = "--throttle",
        paramLabel = "BYTES",
        defaultValue = THROTTLE,
        description = "Of a new plan: bytes of values a second (default: ${DEFAULT-VALUE}).")
    private String throttle = "";

    @Option(names = "--yes", description = "Make a plan now and carry it out.")
    private boolean yes;

    @Override
    int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException {
      Path source = file;
      if (source == null && !yes) {
        throw usage("name a plan's file, or say --yes to make a plan and carry it out at once");
      }
      Move plan = source == null ? plan(this, admin, rate(throttle)) : read(source);
      if (plan.steps().isEmpty()) {
        say("nothing to move");
        return ExitCode.OK;
      }
      print(plan);
      return start(admin, plan);
    }

    private static Move read(Path source) throws RefusedException {
      try {
        return Move.decode(Files.readAllBytes(source));
      } catch (NoSuchFileException _) {
        throw new RefusedException(
            "there is no plan " + source + ": `larder admin rebalance plan --file` writes one");
      } catch (IOException e) {
        throw new RefusedException("the plan " + source + " cannot be read: " + e);
      } catch (IllegalArgumentException e) {
        throw new RefusedException(source + ": " + e.getMessage());
      }
    }
  }

  /** {@code status}. */
  @Command(
      name = "status",
      description = "Show the move under way, rebalance or drain, or else the last one.")
  static final class Status extends MoveSubcommand {
    @Override
    int run(ClusterAdmin admin) throws IOException, InterruptedException {
      List<Move> moves = admin.moves();
      if (moves.isEmpty()) {
        if (asJson()) {
          json(moves);
        }
        say("no move is under way, and none was");
        return ExitCode.OK;
      }
      Move last = moves.stream().filter(Move::isRunning).findFirst().orElse(moves.getLast());
      int code = last.isRunning() ? await(admin, last.id()) : ExitCode.OK;
      Move now =
          admin.moves().stream()
              .filter(move -> move.id().equals(last.id()))
              .findFirst()
              .orElse(last);
      print(now);
      if (now.isRunning() && !now.message().isEmpty()) {
        say(now.message());
        return code == ExitCode.OK ? ExitCode.UNHEALTHY : code;
      }
      return code;
    }
  }

  /** {@code cancel}. */
  @Command(
      name = "cancel",
      description = "Stop the move under way; what has moved stays where it is.")
  static final class Cancel extends AdminSubcommand {
    @Override
    int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException {
      Move cancelled = admin.cancel();
      say(
          "move "
              + cancelled.id()
              + " is cancelled"
              + (cancelled.node().isEmpty()
                  ? ""
                  : ": node " + cancelled.node() + " takes records again"));
      return ExitCode.OK;
    }
  }
}
