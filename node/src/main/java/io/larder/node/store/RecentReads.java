package io.larder.node.store;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Remembers roughly which keys were read lately: two Bloom filters of one hash each, of which the
 * older is emptied whenever reclaim has passed half the device, or the newer is full. So what was
 * read counts for half a turn to a whole one. At worst one in eight others is taken for one of
 * them, which costs a needless copy. 1 MiB. Thread-safe; races lose a bit at worst.
 */
final class RecentReads {
  private static final int BITS = 1 << 22;
  private static final int FULL = BITS / 16;

  private volatile AtomicLongArray newer = new AtomicLongArray(BITS / 64);
  private volatile AtomicLongArray older = new AtomicLongArray(BITS / 64);
  private final AtomicInteger taken = new AtomicInteger();

  void add(long fingerprint) {
    int bit = bit(fingerprint);
    long mask = 1L << bit;
    if ((newer.get(bit >>> 6) & mask) == 0) {
      long _ = newer.accumulateAndGet(bit >>> 6, mask, (a, b) -> a | b);
      if (taken.incrementAndGet() == FULL) {
        age();
      }
    }
  }

  /** Forgets the older half. */
  void age() {
    older = newer;
    newer = new AtomicLongArray(BITS / 64);
    taken.set(0);
  }

  boolean contains(long fingerprint) {
    int bit = bit(fingerprint);
    long mask = 1L << bit;
    return ((newer.get(bit >>> 6) | older.get(bit >>> 6)) & mask) != 0;
  }

  private static int bit(long fingerprint) {
    return (int) ((fingerprint * 0x9e3779b97f4a7c15L) >>> 42);
  }
}
