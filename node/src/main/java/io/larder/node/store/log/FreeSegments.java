package io.larder.node.store.log;

import java.util.ArrayDeque;
import java.util.OptionalInt;

/**
 * The free segments, longest free first. The last one is kept for reclaim itself, which must be
 * able to relocate records however full the device is. Thread-safe.
 */
final class FreeSegments {
  private static final int RESERVE = 1;

  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private Runnable onTaken = () -> {};
  private Runnable onFreed = () -> {};

  /** Installs the listeners of changes; they are called without the lock. */
  void listen(Runnable taken, Runnable freed) {
    onTaken = taken;
    onFreed = freed;
  }

  /** Takes a free segment; empty if there is none for this purpose. */
  OptionalInt take(boolean forReclaim) {
    OptionalInt taken = OptionalInt.empty();
    synchronized (this) {
      if (free.size() > (forReclaim ? 0 : RESERVE)) {
        taken = OptionalInt.of(free.remove());
      }
    }
    onTaken.run();
    return taken;
  }

  void giveBack(int segment) {
    synchronized (this) {
      free.add(segment);
    }
    onFreed.run();
  }

  synchronized int size() {
    return free.size();
  }
}
