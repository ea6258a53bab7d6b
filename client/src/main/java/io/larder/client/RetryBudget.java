package io.larder.client;

/**
 * Limits retries to a share of all calls, so that they never multiply the load of an overloaded
 * cluster: each call earns a tenth of a retry, up to a hundred saved. Thread-safe.
 */
final class RetryBudget {
  private static final int PER_CALL = 1;
  private static final int RETRY = 10;
  private static final int MOST = 100 * RETRY;

  private int saved = MOST;

  synchronized void called() {
    saved = Math.min(MOST, saved + PER_CALL);
  }

  synchronized boolean tryRetry() {
    if (saved < RETRY) {
      return false;
    }
    saved -= RETRY;
    return true;
  }
}
