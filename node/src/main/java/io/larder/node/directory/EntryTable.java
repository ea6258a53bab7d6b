package io.larder.node.directory;

import io.larder.node.block.SlotSummary;

/**
 * The directory entries of one slot: fingerprint → holder, stamp, expiry. An entry takes 24 bytes,
 * or 32 to 43 with its share of the empty places.
 *
 * <pre>
 *   long 0   fingerprint, 0 = empty place
 *   long 1   stamp of the record on its holder's device
 *   long 2   expiry, logical ms (48 bits; all ones = never) | holder's reference (16 bits)
 * </pre>
 *
 * <p>Linear probing, at most three quarters full, growth by a third, deletion by backward shift
 * (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R). An entry's home is its
 * fingerprint, a keyed hash, scaled to the number of places (Lemire, Fast Random Integer Generation
 * in an Interval, 2019), which therefore need not be a power of two. Not thread-safe: the slot's
 * lock guards it.
 */
final class EntryTable {
  static final long NEVER = Long.MAX_VALUE;

  private static final int WIDTH = 3;
  private static final long EXPIRY_NEVER = (1L << 48) - 1;

  private long[] places = new long[0];
  private int size;

  int size() {
    return size;
  }

  /** The place of a fingerprint, or -1. Valid until the next change. */
  int find(long fingerprint) {
    if (size == 0) {
      return -1;
    }
    for (int at = home(fingerprint); ; at = next(at)) {
      long found = places[at];
      if (found == fingerprint) {
        return at;
      }
      if (found == 0) {
        return -1;
      }
    }
  }

  long stamp(int place) {
    return places[place + 1];
  }

  long expiresAtMs(int place) {
    long expiry = places[place + 2] >>> 16;
    return expiry == EXPIRY_NEVER ? NEVER : expiry;
  }

  int holder(int place) {
    return (int) places[place + 2] & 0xffff;
  }

  /** Inserts or replaces. */
  void put(long fingerprint, long stamp, long expiresAtMs, int holder) {
    int at = find(fingerprint);
    if (at < 0) {
      if ((size + 1L) * WIDTH * 4 > places.length * 3L) {
        grow();
      }
      at = emptyPlace(fingerprint);
      places[at] = fingerprint;
      size++;
    }
    places[at + 1] = stamp;
    places[at + 2] = (Math.min(expiresAtMs, EXPIRY_NEVER) << 16) | holder;
  }

  void remove(int place) {
    int hole = place;
    for (int at = next(hole); places[at] != 0; at = next(at)) {
      int home = home(places[at]);
      // An entry may move back into the hole unless its home lies cyclically after the hole.
      boolean homeAfterHole = hole <= at ? home > hole && home <= at : home > hole || home <= at;
      if (!homeAfterHole) {
        System.arraycopy(places, at, places, hole, WIDTH);
        hole = at;
      }
    }
    places[hole] = 0;
    size--;
  }

  /** Visits every entry; the visitor must not change the table. */
  void forEach(Visitor visitor) {
    for (int at = 0; at < places.length; at += WIDTH) {
      if (places[at] != 0) {
        visitor.entry(places[at], at);
      }
    }
  }

  /** Count and XOR of the fingerprints whose entries name a holder. */
  SlotSummary summaryOf(int holder) {
    long count = 0;
    long xor = 0;
    for (int at = 0; at < places.length; at += WIDTH) {
      if (places[at] != 0 && holder(at) == holder) {
        count++;
        xor ^= places[at];
      }
    }
    return new SlotSummary(count, xor);
  }

  interface Visitor {
    void entry(long fingerprint, int place);
  }

  private void grow() {
    long[] old = places;
    int count = old.length / WIDTH;
    places = new long[Math.max(4, count + count / 3) * WIDTH];
    for (int from = 0; from < old.length; from += WIDTH) {
      if (old[from] != 0) {
        System.arraycopy(old, from, places, emptyPlace(old[from]), WIDTH);
      }
    }
  }

  private int emptyPlace(long fingerprint) {
    int at = home(fingerprint);
    while (places[at] != 0) {
      at = next(at);
    }
    return at;
  }

  private int home(long fingerprint) {
    return (int) Math.unsignedMultiplyHigh(fingerprint, places.length / WIDTH) * WIDTH;
  }

  private int next(int place) {
    return place + WIDTH == places.length ? 0 : place + WIDTH;
  }
}
