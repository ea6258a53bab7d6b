package io.larder.node.store.log;

import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The keys that are being deleted: what a deletion has looked up must not move to another place
 * before its tombstone is durable. Thread-safe.
 */
final class Deletions {
  private final ConcurrentHashMap<Long, Integer> underWay = new ConcurrentHashMap<>();

  void begin(long fingerprint) {
    int _ = underWay.merge(fingerprint, 1, Integer::sum);
  }

  void end(long fingerprint) {
    Integer _ = underWay.computeIfPresent(fingerprint, (f, n) -> n == 1 ? null : n - 1);
  }

  /** Does something short while no deletion of the key is, or gets, under way; else false. */
  boolean unless(long fingerprint, BooleanSupplier action) {
    boolean[] done = new boolean[1];
    Integer _ =
        underWay.compute(
            fingerprint,
            (f, n) -> {
              done[0] = n == null && action.getAsBoolean();
              return n;
            });
    return done[0];
  }
}
