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
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larder admin node}. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = "Empty a node, put it to use again, or forget it.",
    subcommands = {
      NodeAdminCommand.Drain.class,
      NodeAdminCommand.Undrain.class,
      NodeAdminCommand.Remove.class
    })
final class NodeAdminCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    AdminCommand.group(spec);
  }

  /** {@code drain}. */
  @Command(
      name = "drain",
      description = {
        "Move everything off a node: its slots, then its values. It goes on serving meanwhile.",
        "Shows what would be moved; does it with --yes."
      })
  static final class Drain extends MoveSubcommand {
    @Parameters(paramLabel = "NODE", description = "The node's id.")
    private String node = "";

    @Option(names = "--yes", description = "Do it.")
    private boolean yes;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "Write the plan here, for `rebalance apply`.")
    private @Nullable Path file;

    @Option(
        names = "--throttle",
        paramLabel = "BYTES",
        defaultValue = RebalanceCommand.THROTTLE,
        description = "Bytes of values a second, e.g. 200MiB, or none (default: ${DEFAULT-VALUE}).")
    private String throttle = "";

    @Option(
        names = "--until-return",
        description = "Only until the node is started anew: it then takes records by itself.")
    private boolean untilReturn;

    @Option(
        names = "--allow-eviction",
        description = "Though the others must evict their oldest blocks to make room.")
    private boolean allowEviction;

    @Override
    int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException {
      long rate = rate(throttle);
      while (true) {
        if (admin.image().slots().draining().contains(node)) {
          return again(admin);
        }
        if (yes && waits() && awaitTurn(admin) == ExitCode.TIMEOUT) {
          return ExitCode.TIMEOUT;
        }
        Move plan = plan(admin, rate);
        print(plan);
        if (file != null) {
          write(plan, file);
          say("written to " + file);
        }
        if (!yes) {
          say("nothing was changed: say --yes to do it");
          return ExitCode.OK;
        }
        try {
          return start(admin, plan);
        } catch (RefusedException e) {
          if (!waits() || underWay(admin) == null) {
            throw e;
          }
          say(e.getMessage()); // another move began first: wait for it
        }
      }
    }

    private Move plan(ClusterAdmin admin, long rate)
        throws RefusedException, IOException, InterruptedException {
      ClusterImage image = admin.image();
      NodeAnswers<Usage> usage = admin.usage(image);
      usage.problems().forEach(this::say);
      long now = System.currentTimeMillis();
      Move plan =
          MovePlanner.drain(
              admin.cluster(), node, image, usage.byNode(), rate, allowEviction, untilReturn, now);
      say(
          "%d slots of %s go to the other nodes at once, its values after them"
              .formatted(image.slots().slotsOf(node).length, node));
      return plan;
    }

    /** Waits for the move under way, of another node or a rebalance. */
    private int awaitTurn(ClusterAdmin admin) throws IOException, InterruptedException {
      Move other = underWay(admin);
      if (other == null) {
        return ExitCode.OK;
      }
      say("move " + other.id() + " is under way: the drain of " + node + " comes after it");
      return await(admin, other.id());
    }

    private static @Nullable Move underWay(ClusterAdmin admin)
        throws IOException, InterruptedException {
      return admin.moves().stream().filter(Move::isRunning).findFirst().orElse(null);
    }

    /** Waits for the drain under way; reports a drained node. */
    private int again(ClusterAdmin admin) throws IOException, InterruptedException {
      for (Move move : admin.moves()) {
        if (move.isRunning() && move.node().equals(node)) {
          say("node " + node + " is being drained already, by move " + move.id());
          return await(admin, move.id());
        }
      }
      say("node " + node + " is drained already");
      return ExitCode.OK;
    }
  }

  /** {@code undrain}. */
  @Command(
      name = "undrain",
      description = {
        "Let a drained node take records again; a drain under way ends.",
        "It gets slots with the next rebalance."
      })
  static final class Undrain extends AdminSubcommand {
    @Parameters(paramLabel = "NODE", description = "The node's id.")
    private String node = "";

    @Option(names = "--yes", description = "Do it.")
    private boolean yes;

    @Override
    int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException {
      if (!yes) {
        ClusterImage image = admin.image();
        if (!image.slots().draining().contains(node)) {
          throw new RefusedException(
              image.nodes().containsKey(node)
                  ? "node " + node + " is not drained: nothing to undo"
                  : MovePlanner.unknown(node, image));
        }
        say("node " + node + " would take records again. Nothing was changed: say --yes to do it");
        return ExitCode.OK;
      }
      admin.undrain(node);
      say(
          "node "
              + node
              + " takes records again: larder admin rebalance plan "
              + cluster().sameCluster()
              + " gives it slots");
      return ExitCode.OK;
    }
  }

  /** {@code remove}. */
  @Command(
      name = "remove",
      description = {
        "Forget a node that was drained and stopped, or whose device is lost.",
        "If it is started again, it joins as a new one."
      })
  static final class Remove extends AdminSubcommand {
    @Parameters(paramLabel = "NODE", description = "The node's id.")
    private String node = "";

    @Option(names = "--yes", description = "Do it.")
    private boolean yes;

    @Option(names = "--lost", description = "Though it was not drained: its blocks are lost.")
    private boolean lost;

    @Override
    int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException {
      if (!yes) {
        admin.requireRemovable(node, lost);
        say("node " + node + " would be forgotten. Nothing was changed: say --yes to do it");
        return ExitCode.OK;
      }
      admin.remove(node, lost);
      say("node " + node + " is forgotten");
      return ExitCode.OK;
    }
  }
}
