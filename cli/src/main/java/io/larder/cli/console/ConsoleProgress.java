package io.larder.cli.console;

import io.larder.bench.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Progress on standard error: bars on a terminal, else a plain line every fifth of the work, so
 * that a CI log stays readable.
 */
public final class ConsoleProgress implements Progress {
  private static final int WIDTH = 100;
  private static final int PLAIN_LINES = 5;

  private final PrintStream out;
  private final boolean terminal;

  private ConsoleProgress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  public static ConsoleProgress onStandardError() {
    return new ConsoleProgress(System.err, isTerminal(2));
  }

  public static ConsoleProgress plain(PrintStream out) {
    return new ConsoleProgress(out, false);
  }

  /** Whether a stream is a terminal; System.console() does not tell for standard error. */
  public static boolean isTerminal(int fd) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void say(String line) {
    out.println(line);
  }

  @Override
  public Task task(String name, long total) {
    return terminal ? new Bar(name, total) : new Lines(name, total);
  }

  private final class Bar implements Task {
    private final ProgressBar bar;

    Bar(String name, long total) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .showSpeed()
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setMaxRenderedLength(WIDTH)
              .setConsumer(new ConsoleProgressBarConsumer(out, WIDTH))
              .build();
    }

    @Override
    public void step(long units) {
      bar.stepBy(units);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  private final class Lines implements Task {
    private final String name;
    private final long total;
    private long done;

    Lines(String name, long total) {
      this.name = name;
      this.total = Math.max(1, total);
    }

    /** Counts and prints under one lock, so that the lines keep their order. */
    @Override
    public synchronized void step(long units) {
      long before = done;
      done += units;
      if (done * PLAIN_LINES / total > before * PLAIN_LINES / total) {
        say("  %s: %d of %d".formatted(name, done, total));
      }
    }

    @Override
    public void close() {}
  }
}
