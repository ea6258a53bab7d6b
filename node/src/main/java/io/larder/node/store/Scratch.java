package io.larder.node.store;

import io.larder.node.device.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Aligned pieces of memory of one size that are used again: header blocks, groups, small reads. As
 * many are made as were ever in use at once, which the callers bound. Thread-safe.
 */
final class Scratch {
  private static final long SLAB_BYTES = 256 << 10;

  private final long pieceBytes;
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

  Scratch(long pieceBytes) {
    this.pieceBytes = pieceBytes;
  }

  synchronized MemorySegment take() {
    if (free.isEmpty()) {
      long pieces = Math.max(1, SLAB_BYTES / pieceBytes);
      MemorySegment slab = Arena.ofAuto().allocate(pieces * pieceBytes, Device.BLOCK_BYTES);
      for (long i = 0; i < pieces; i++) {
        free.push(slab.asSlice(i * pieceBytes, pieceBytes));
      }
    }
    return free.pop();
  }

  synchronized void give(MemorySegment piece) {
    free.push(piece);
  }
}
