package io.larder.node.device;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Creates files that stand for devices. */
public final class SparseFile {
  private SparseFile() {}

  /**
   * Creates a file of {@code sizeBytes} that occupies no blocks yet.
   *
   * @throws java.nio.file.FileAlreadyExistsException if the path exists
   */
  public static void create(Path path, long sizeBytes) throws IOException {
    Files.createFile(path);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
  }
}
