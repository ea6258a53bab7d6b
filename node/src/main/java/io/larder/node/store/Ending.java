package io.larder.node.store;

/** Waits for a housekeeping thread that was told to end. */
final class Ending {
  private Ending() {}

  /** Returns only when the thread is gone; an interrupt meanwhile is kept for the caller. */
  static void await(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
