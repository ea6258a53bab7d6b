package io.larder.bench.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.device.SparseFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A device for the benchmark: a loop device over a sparse file if the user may create one, else the
 * file itself. Both are read and written with O_DIRECT.
 */
final class ScratchDevice implements AutoCloseable {
  private static final long COMMAND_SECONDS = 20;

  private final Path backing;
  private final Path path;

  private ScratchDevice(Path backing, Path path) {
    this.backing = backing;
    this.path = path;
  }

  static ScratchDevice create(Path backing, long bytes) throws IOException {
    SparseFile.create(backing, bytes);
    String loop = run("losetup", "-f", "--show", "--direct-io=on", backing.toString());
    return new ScratchDevice(backing, loop.startsWith("/dev/") ? Path.of(loop) : backing);
  }

  Path path() {
    return path;
  }

  boolean isBlockDevice() {
    return !path.equals(backing);
  }

  @Override
  public void close() throws IOException {
    if (isBlockDevice()) {
      run("losetup", "-d", path.toString());
    }
    Files.delete(backing);
  }

  /** The output of a command; empty if it fails or does not exist. */
  private static String run(String... command) throws IOException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException _) {
      return ""; // not installed
    }
    String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    try {
      return process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0
          ? said
          : "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during " + String.join(" ", command), e);
    }
  }
}
