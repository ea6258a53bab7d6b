package io.larder.bench;

/**
 * Keeps requests that run at the same time close to the order of the trace: request n begins only
 * when every request up to n − window is done. Thread-safe.
 */
final class RequestWindow {
  private final int window;
  private final boolean[] done;
  private int allDoneBelow;

  RequestWindow(int requests, int window) {
    this.window = window;
    this.done = new boolean[requests];
  }

  /** Returns when request {@code n} may begin. */
  synchronized void awaitTurn(int n) throws InterruptedException {
    while (n > allDoneBelow + window - 1) {
      wait();
    }
  }

  /** Request {@code n} has ended. */
  synchronized void done(int n) {
    done[n] = true;
    while (allDoneBelow < done.length && done[allDoneBelow]) {
      allDoneBelow++;
    }
    notifyAll();
  }
}
