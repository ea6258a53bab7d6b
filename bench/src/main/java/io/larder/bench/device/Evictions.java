package io.larder.bench.device;

import io.larder.node.store.EvictionListener;
import java.util.Arrays;

/** The drops that a store reported over all its openings since formatting. Thread-safe. */
final class Evictions implements EvictionListener {
  private long[] fingerprints = new long[1 << 10];
  private int count;
  private int sorted;

  @Override
  public synchronized void evicted(int slot, long fingerprint, long stamp, Cause cause) {
    if (count == fingerprints.length) {
      fingerprints = Arrays.copyOf(fingerprints, 2 * count);
    }
    fingerprints[count++] = fingerprint;
  }

  synchronized boolean contains(long fingerprint) {
    if (sorted != count) {
      Arrays.sort(fingerprints, 0, count);
      sorted = count;
    }
    return Arrays.binarySearch(fingerprints, 0, count, fingerprint) >= 0;
  }
}
