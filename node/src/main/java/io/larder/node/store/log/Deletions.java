package io.larder.node.store.log;

import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The keys that are being deleted: their records must not be relocated until the tombstones are
 * durable. Thread-safe.
 */
final class Deletions {
  private final ConcurrentHashMap<Long, Integer> inProgress = new ConcurrentHashMap<>();

  void begin(long fingerprint) {
    inProgress.merge(fingerprint, 1, Integer::sum);
  }

  void end(long fingerprint) {
    inProgress.computeIfPresent(fingerprint, (f, n) -> n == 1 ? null : n - 1);
  }

  /** Runs a short action while no deletion of the key is in progress or begins; else false. */
  boolean unless(long fingerprint, BooleanSupplier action) {
    boolean[] done = new boolean[1];
    inProgress.compute(
        fingerprint,
        (f, n) -> {
          done[0] = n == null && action.getAsBoolean();
          return n;
        });
    return done[0];
  }
}
