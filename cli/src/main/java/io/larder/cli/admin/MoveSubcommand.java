package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.config.ByteSize;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The base of the subcommands that plan and start moves. */
abstract class MoveSubcommand extends AdminSubcommand {
  private static final long A_DAY_SECONDS = 86_400;

  @Option(names = "--wait", description = "Wait until it is done, a day at most.")
  private boolean wait;

  @Option(
      names = "--within",
      paramLabel = "SECONDS",
      description = "Wait until it is done, so long at most; then exit with 4.")
  private @Nullable Long withinSeconds;

  private long waitsSinceNs;

  /** Whether the subcommand waits for the end of the move. */
  boolean waits() {
    return wait || withinSeconds != null;
  }

  /** Writes a plan as a whole or not at all. */
  void write(Move plan, Path file) throws IOException {
    Path whole = file.toAbsolutePath();
    Path part = whole.resolveSibling(whole.getFileName() + ".part");
    try {
      Files.write(part, plan.encode());
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IOException("the plan cannot be written to " + file + ": " + e, e);
    }
  }

  void print(Move move) throws IOException {
    if (asJson()) {
      json(move);
    } else {
      MovePrinter.table(move, out());
    }
    out().flush();
  }

  /** Starts a move and waits for it if --wait is given. */
  int start(ClusterAdmin admin, Move plan)
      throws RefusedException, IOException, InterruptedException {
    admin.apply(plan);
    say("move " + plan.id() + " is under way");
    return await(admin, plan.id());
  }

  /** Waits for the end of a move if --wait is given; the time runs from the first wait. */
  int await(ClusterAdmin admin, String id) throws IOException, InterruptedException {
    if (!waits()) {
      return ExitCode.OK;
    }
    if (waitsSinceNs == 0) {
      waitsSinceNs = System.nanoTime();
    }
    Long seconds = withinSeconds;
    long limit = seconds == null ? A_DAY_SECONDS : seconds;
    return MovePrinter.await(this, admin, id, waitsSinceNs, limit);
  }

  long rate(String throttle) {
    long rate;
    try {
      rate = throttle.equals("none") ? 0 : ByteSize.parse(throttle);
    } catch (NumberFormatException e) {
      throw usage("--throttle " + throttle + ": expected e.g. 64MiB (a second), or none");
    }
    if (rate < 0) {
      throw usage("--throttle " + throttle + " is negative");
    }
    return rate;
  }
}
