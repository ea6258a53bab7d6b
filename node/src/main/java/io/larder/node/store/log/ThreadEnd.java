package io.larder.node.store.log;

import java.time.Duration;

/** Waits for a housekeeping thread that was told to end. */
final class ThreadEnd {
  private static final Duration LOOK = Duration.ofMillis(20);

  private ThreadEnd() {}

  /**
   * Returns only when the thread is gone, which is hurried out of its I/O once writing has stopped
   * for good; an interrupt meanwhile is kept for the caller.
   */
  static void await(Thread thread, WriteFence fence) {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      if (fence.get() != null) {
        thread.interrupt();
      }
      try {
        ended = thread.join(LOOK);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
