package io.larder.node.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Aligned pieces of memory of one size that are used again: header blocks, groups, small reads. As
 * many are made as were ever in use at once, which the callers bound. A piece that is not given
 * back is freed once nobody can reach it. Thread-safe.
 */
public final class Scratch {
  private static final long SLAB_BYTES = 256 << 10;

  private final long pieceBytes;
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

  public Scratch(long pieceBytes) {
    this.pieceBytes = pieceBytes;
  }

  /** A piece of undefined content, the taker's until it is given back. */
  public synchronized MemorySegment take() {
    if (free.isEmpty()) {
      long pieces = Math.max(1, SLAB_BYTES / pieceBytes);
      MemorySegment slab = Arena.ofAuto().allocate(pieces * pieceBytes, Device.BLOCK_BYTES);
      for (long i = 0; i < pieces; i++) {
        free.push(slab.asSlice(i * pieceBytes, pieceBytes));
      }
    }
    return free.pop();
  }

  /** Gives a piece back; only when no submission uses it any more. */
  public synchronized void give(MemorySegment piece) {
    free.push(piece);
  }
}
