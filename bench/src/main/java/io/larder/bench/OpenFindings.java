package io.larder.bench;

import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Finding;
import java.util.ArrayList;
import java.util.List;

/**
 * What breaks a promise unless the session of a holder ended meanwhile: then its keys were free,
 * and another could store them. Thread-safe.
 */
final class OpenFindings {
  private static final int KEPT = 1_000;

  private final List<Finding> open = new ArrayList<>();
  private long excused;

  synchronized void add(BrokenPromise promise, String key, String how) {
    if (open.size() < KEPT) {
      open.add(new Finding(promise, key, how));
    }
  }

  synchronized boolean areOpen() {
    return !open.isEmpty();
  }

  /** Decides about all of them. */
  synchronized void settle(boolean sessionsEnded, Evidence evidence) {
    if (sessionsEnded) {
      excused += open.size();
    } else {
      open.forEach(doubt -> evidence.broken(doubt.promise(), doubt.key(), doubt.how()));
    }
    open.clear();
  }

  /** Blocks that were stored again, or read so, after a session had ended. */
  synchronized long excused() {
    return excused;
  }
}
