package io.larder.testkit.local;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One Larder command in a JVM of its own, started like this one: same Java, same class path, same
 * options for native access. Its output goes to a log file. Its standard input is a pipe that this
 * process holds open and never writes to: when this process ends, even by kill -9, the child reads
 * the end of the pipe and ends too.
 */
final class ChildProcess {
  private static final int KILLED = 128 + 9;
  private static final Duration KILL_WAIT = Duration.ofSeconds(20);

  private final String name;
  private final Path log;
  private final long logFrom;
  private final Process process;
  private volatile boolean frozen;

  private ChildProcess(String name, Path log, long logFrom, Process process) {
    this.name = name;
    this.log = log;
    this.logFrom = logFrom;
    this.process = process;
  }

  /**
   * Starts {@code larder arguments… --exit-with-parent}.
   *
   * @param name its name in messages
   * @param log the file to append its output to
   * @param launcher the words before the arguments
   * @throws LocalClusterException if the process cannot be started
   */
  static ChildProcess start(String name, Path log, List<String> launcher, List<String> arguments)
      throws LocalClusterException {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(arguments);
    command.add("--exit-with-parent");
    File file = log.toFile();
    long logFrom = file.length(); // 0 if there is none
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(file))
              .start();
      return new ChildProcess(name, log, logFrom, process);
    } catch (IOException e) {
      throw new LocalClusterException(name + " cannot be started: " + e.getMessage(), e);
    }
  }

  String name() {
    return name;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Its exit code, once it has ended; above 128 for a signal. */
  int exitCode() {
    return process.exitValue();
  }

  /** Kill -9; returns when the process is gone. */
  void kill() throws LocalClusterException {
    process.destroyForcibly();
    try {
      if (!process.waitFor(KILL_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new LocalClusterException(
            "%s (pid %d) is still there %d s after kill -9; is its device hanging?"
                .formatted(name, pid(), KILL_WAIT.toSeconds()),
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted while waiting for the end of " + name, e);
    }
  }

  /** SIGSTOP. */
  void freeze() throws IOException {
    frozen = true;
    signal("STOP");
  }

  /** SIGCONT. */
  void thaw() throws IOException {
    signal("CONT");
    frozen = false;
  }

  private void signal(String signal) throws IOException {
    Process kill = // the shell's builtin: the program may be missing
        new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid())
            .redirectErrorStream(true)
            .start();
    String said = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (kill.waitFor() != 0) {
        throw new IOException(name + " cannot be sent SIG" + signal + ": " + said.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while signalling " + name, e);
    }
  }

  /** Requests its end. */
  void requestStop() {
    if (frozen) {
      try {
        thaw();
      } catch (IOException e) {
        process.destroyForcibly(); // it has ended meanwhile, or cannot
      }
    }
    process.destroy();
  }

  /** Waits for the end until {@code deadlineNanos} of {@link System#nanoTime}, then kills. */
  void awaitStop(long deadlineNanos) throws LocalClusterException {
    try {
      long left = Math.max(0, deadlineNanos - System.nanoTime());
      if (!process.waitFor(left, TimeUnit.NANOSECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }

  /** How it ended, with the cause in its log and the log's path; call it after the end. */
  String ending() {
    return exitCode() == KILLED
        ? "killed (exit code %d), by somebody, or by the kernel, which was out of memory\n  its log: %s"
            .formatted(KILLED, log)
        : "exit code %d:%s".formatted(exitCode(), cause());
  }

  /** The cause of its failure in its log, each line indented, and the log's path. */
  String cause() {
    return ChildLog.cause(log, logFrom) + "\n  its log: " + log;
  }

  /** The processor time it has used; zero if the system does not report it. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  Path log() {
    return log;
  }
}
