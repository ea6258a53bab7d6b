package io.larder.cli.doctor;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Finds and runs programs of this machine. */
final class Tool {
  private static final int TIMEOUT_SECONDS = 20;

  /** A program's output and exit code; -1 if it could not be run or did not end. */
  record Result(int code, String text) {
    boolean isOk() {
      return code == 0;
    }

    /** The last line, which names the error. */
    String last() {
      return text.lines().reduce("", (_, line) -> line).strip();
    }
  }

  private Tool() {}

  /** Finds a program on the PATH. */
  static Optional<Path> find(String name) {
    String path = System.getenv("PATH");
    for (String folder : (path == null ? "" : path).split(File.pathSeparator, -1)) {
      Path program = Path.of(folder, name);
      if (!folder.isEmpty() && Files.isExecutable(program) && Files.isRegularFile(program)) {
        return Optional.of(program);
      }
    }
    return Optional.empty();
  }

  /** A program that only some tests or benchmarks use. */
  static Check optional(String name, String forWhat, String debianPackage) {
    return find(name)
        .map(path -> Check.ok(name, path.toString()))
        .orElseGet(() ->
            Check.note(
                name,
                "not on the PATH: " + forWhat + " are left out",
                "apt-get install " + debianPackage));
  }

  /** Runs a command; its output goes to a file, so that it never waits for a reader. */
  static Result run(String... command) {
    try {
      Path output = Files.createTempFile("larder-doctor-", ".out");
      try {
        Process process =
            new ProcessBuilder(List.of(command))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          return new Result(-1, "no answer within " + TIMEOUT_SECONDS + " s");
        }
        return new Result(
            process.exitValue(), new String(Files.readAllBytes(output), StandardCharsets.UTF_8));
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      return new Result(-1, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result(-1, "interrupted");
    }
  }

  /** Whether this process runs as root. */
  static boolean isRoot() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException _) {
      return false;
    }
  }
}
