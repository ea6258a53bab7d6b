package io.larder.node.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * A pool of aligned pieces of memory of one size: header blocks, groups, small reads. It grows to
 * the most pieces ever taken at once, which the callers bound. A piece that is not given back is
 * freed once it is unreachable. Thread-safe.
 */
public final class Scratch {
  private static final long SLAB_BYTES = 256 << 10;

  private final long pieceBytes;
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

  public Scratch(long pieceBytes) {
    this.pieceBytes = pieceBytes;
  }

  /** Takes a piece of undefined content. */
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
  public synchronized void giveBack(MemorySegment piece) {
    free.push(piece);
  }
}
