package io.larder.cli.admin;

import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.TextTable;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.config.ByteSize;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.Step;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows moves, and waits for one with a progress bar on a terminal. */
final class MovePrinter {
  private static final long POLL_MS = 500;
  private static final int WIDTH = 100;

  private MovePrinter() {}

  static void table(Move move, PrintWriter out) {
    out.printf(
        "%s  %s  slot table version %d  throttle %s%n",
        move.id(),
        move.state().name().toLowerCase(Locale.ROOT),
        move.slotsVersion(),
        move.throttleBytesPerSecond() == 0
            ? "none"
            : ByteSize.show(move.throttleBytesPerSecond()) + "/s");
    TextTable table = new TextTable("STEP", "WHAT", "FROM", "TO", "AMOUNT", "MOVED", "STATE");
    int number = 1;
    for (Step step : move.steps()) {
      boolean slots = step.kind() == Step.Kind.SLOTS;
      table.row(
          number++,
          slots ? "slots" : "values",
          step.from(),
          step.to().isEmpty() ? "(most room)" : step.to(),
          slots ? step.slotSet().cardinality() + " slots" : ByteSize.show(step.totalBytes()),
          slots ? "-" : step.movedRecords() + " records, " + ByteSize.show(step.movedBytes()),
          step.isDone() ? "done" : step.movedRecords() > 0 ? "begun" : "planned");
    }
    table.print(out);
  }

  /**
   * Waits until a move is over.
   *
   * @param sinceNs the start of the wait, of {@link System#nanoTime}
   * @return the exit code
   */
  static int await(
      AdminSubcommand word, ClusterAdmin admin, String id, long sinceNs, long waitSeconds)
      throws IOException, InterruptedException {
    long deadline = sinceNs + TimeUnit.SECONDS.toNanos(waitSeconds);
    Move move;
    String held = "";
    try (ProgressBar bar = bar(id)) {
      while (true) {
        move = admin.moves().stream().filter(each -> each.id().equals(id)).findFirst().orElse(null);
        if (move == null) {
          break;
        }
        show(move, bar);
        if (!move.isRunning() || System.nanoTime() - deadline >= 0) {
          break;
        }
        if (!move.message().isEmpty() && !move.message().equals(held)) {
          word.say(move.message());
        }
        held = move.message();
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
      }
    }
    // Below the bar, not in it.
    if (move == null) {
      word.say("move " + id + " is remembered no more");
      return ExitCode.FAILED;
    }
    return switch (move.state()) {
      case DONE -> {
        word.say("done: %s moved".formatted(ByteSize.show(move.bytesMoved())));
        yield ExitCode.OK;
      }
      case CANCELLED -> {
        word.say("the move was cancelled: " + move.message());
        yield ExitCode.FAILED;
      }
      case PLANNED, RUNNING -> {
        word.say("move " + id + " goes on, but is not done within " + waitSeconds + " s");
        yield ExitCode.TIMEOUT;
      }
    };
  }

  /** Records take less than their blocks on the device: the bar of a done move is full. */
  private static void show(Move move, ProgressBar bar) {
    long total = Math.max(1, move.bytesToMove());
    long moved = move.state() == Move.State.DONE ? total : Math.min(move.bytesMoved(), total);
    int steps = move.steps().size();
    long done = move.steps().stream().filter(Step::isDone).count();
    bar.maxHint(total).stepTo(moved);
    bar.setExtraMessage("  step %d of %d".formatted(Math.min(done + 1, steps), steps));
  }

  private static ProgressBar bar(String id) {
    ProgressBarBuilder builder =
        new ProgressBarBuilder()
            .setTaskName(id)
            .setInitialMax(1)
            .setUnit(" MiB", 1 << 20)
            .showSpeed()
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(250)
            .setMaxRenderedLength(WIDTH);
    return ConsoleProgress.isTerminal(2)
        ? builder.setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH)).build()
        : builder.setConsumer(new DelegatingProgressBarConsumer(_ -> {}, WIDTH)).build();
  }
}
