package io.larder.node.store.log;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;

/** The LSNs of puts that are not settled: neither published nor discarded. Thread-safe. */
final class PendingPuts {
  private static final long[] NONE = {};

  private final ConcurrentHashMap<Long, long[]> byFingerprint = new ConcurrentHashMap<>();

  void add(long fingerprint, long lsn) {
    byFingerprint.merge(
        fingerprint,
        new long[] {lsn},
        (old, one) -> {
          long[] more = Arrays.copyOf(old, old.length + 1);
          more[old.length] = lsn;
          return more;
        });
  }

  void remove(long fingerprint, long lsn) {
    byFingerprint.computeIfPresent(
        fingerprint,
        (f, old) -> {
          if (old.length == 1 && old[0] == lsn) {
            return null;
          }
          long[] rest = Arrays.stream(old).filter(l -> l != lsn).toArray();
          return rest.length == 0 ? null : rest;
        });
  }

  long[] of(long fingerprint) {
    return byFingerprint.getOrDefault(fingerprint, NONE);
  }
}
