package io.larder.bench.crash;

import io.larder.testkit.local.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A child process; its notes are read to the last, even after a kill. For one thread, but kill. */
final class CrashProcess implements AutoCloseable {
  private static final long END_SECONDS = 20;

  private final Process process;
  private final Path errors;
  private final BufferedReader notes;
  private volatile boolean killed;

  private CrashProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.notes =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
  }

  /**
   * Starts a JVM with one of this package's mains.
   *
   * @param errors the file of its standard error
   */
  static CrashProcess start(
      Class<?> main, Path errors, List<String> jvmOptions, List<String> arguments)
      throws IOException {
    List<String> command = JavaCommand.of(main, jvmOptions);
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.to(errors.toFile()))
            .start();
    return new CrashProcess(process, errors);
  }

  /**
   * The next note; null if it was killed and all notes are read.
   *
   * @throws IOException if it ended by itself; the message has its last errors
   */
  @Nullable Note next() throws IOException {
    String line = notes.readLine();
    if (line != null) {
      return Note.parse(line);
    }
    if (!killed) {
      throw new IOException("the process ended by itself:\n" + Files.readString(errors));
    }
    return null;
  }

  /** Kill -9; through the handle, so that its output can still be read. */
  void kill() {
    killed = true;
    process.toHandle().destroyForcibly();
  }

  /** Kills it if it lives and waits until it is gone, and its device free. */
  @Override
  public void close() throws IOException {
    kill();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(
            "process %d is still there %d s after kill -9; is its device hanging?"
                .formatted(process.pid(), END_SECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for the end of a process", e);
    } finally {
      notes.close();
    }
  }
}
