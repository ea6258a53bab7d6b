package io.larder.bench;

import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Finding;
import java.util.ArrayList;
import java.util.List;

/**
 * Findings that break a promise unless the session of a holder ended meanwhile: then its keys were
 * free, and another could store them. Thread-safe.
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

  /** Turns all open findings into evidence, or excuses them. */
  synchronized void settle(boolean sessionsEnded, Evidence evidence) {
    if (sessionsEnded) {
      excused += open.size();
    } else {
      open.forEach(doubt -> evidence.broken(doubt.promise(), doubt.key(), doubt.how()));
    }
    open.clear();
  }

  /** The findings excused by the end of a session. */
  synchronized long excused() {
    return excused;
  }
}
