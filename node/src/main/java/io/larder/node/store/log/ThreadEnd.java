package io.larder.node.store.log;

import java.time.Duration;

/** The end of a housekeeping thread. */
final class ThreadEnd {
  private static final Duration LOOK = Duration.ofMillis(20);

  private ThreadEnd() {}

  /**
   * Returns when the thread, which was asked to end, has ended. Interrupts its I/O once writing has
   * stopped for good. An interrupt of the caller stays set.
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
