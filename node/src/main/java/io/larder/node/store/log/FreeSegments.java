package io.larder.node.store.log;

import java.util.ArrayDeque;

/**
 * The free segments, longest free first. The last one is kept for reclaim itself, which must be
 * able to carry records on however full the device is. Thread-safe.
 */
final class FreeSegments {
  private static final int RESERVE = 1;

  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private Runnable onTaken = () -> {};
  private Runnable onFreed = () -> {};

  /** Installs what is told of changes; called outside the lock. */
  void listen(Runnable taken, Runnable freed) {
    onTaken = taken;
    onFreed = freed;
  }

  /** Takes a free segment, or answers -1. */
  int take(boolean forReclaim) {
    int taken = -1;
    synchronized (this) {
      if (free.size() > (forReclaim ? 0 : RESERVE)) {
        taken = free.remove();
      }
    }
    onTaken.run();
    return taken;
  }

  void add(int segment) {
    synchronized (this) {
      free.add(segment);
    }
    onFreed.run();
  }

  synchronized int size() {
    return free.size();
  }
}
