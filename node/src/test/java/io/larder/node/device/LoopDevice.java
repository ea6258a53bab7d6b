package io.larder.node.device;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A block device over a sparse file; a container engine can hand it to a container. */
public final class LoopDevice implements AutoCloseable {
  private final Path backing;
  private final String path;

  /**
   * @throws IOException if this user cannot make one, which takes root and losetup
   */
  public LoopDevice(Path backing, long bytes) throws IOException {
    this.backing = backing;
    SparseFile.create(backing, bytes);
    this.path = run("losetup", "-f", "--show", "--direct-io=on", backing.toString());
    run("chgrp", "disk", path);
    run("chmod", "660", path);
  }

  /** As {@code /dev/loop3}. */
  public String path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    run("losetup", "-d", path);
    Files.delete(backing);
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8).trim();
    try {
      if (Patience.await(process) == 0) {
        return output;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IOException(String.join(" ", command) + ": " + output);
  }
}
