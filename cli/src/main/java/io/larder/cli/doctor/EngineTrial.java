package io.larder.cli.doctor;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.device.Engine;
import io.larder.node.device.SparseFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tries an engine the way a node uses it, on a small file of its own. */
final class EngineTrial {
  private static final long FILE_BYTES = 1L << 20;
  private static final int BLOCK_BYTES = 4096;
  private static final byte CONTENT = 0x5a;

  private EngineTrial() {}

  /**
   * Writes a block, flushes, and reads it back.
   *
   * @param folder the folder in which the file is created, and deleted again
   * @throws IOException if the engine is not available, or fails here
   */
  static void run(Engine engine, Path folder) throws IOException {
    Path file = Files.createTempFile(folder, "larder-trial-", "");
    try {
      Files.delete(file);
      SparseFile.create(file, FILE_BYTES);
      try (Device device = engine.open(file, 1);
          Arena arena = Arena.ofConfined()) {
        MemorySegment written = arena.allocate(BLOCK_BYTES).fill(CONTENT);
        MemorySegment read = arena.allocate(BLOCK_BYTES);
        BlockingIo.write(device, 0, written);
        BlockingIo.flush(device);
        BlockingIo.read(device, 0, read);
        if (written.mismatch(read) >= 0) {
          throw new IOException(file + ": the bytes read differ from those written");
        }
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }
}
