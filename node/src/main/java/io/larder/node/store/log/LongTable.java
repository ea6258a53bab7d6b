package io.larder.node.store.log;

import java.lang.invoke.VarHandle;

/**
 * A map from a 64-bit hash (not 0) to a long (not 0): open addressing with linear probing, 16 bytes
 * a place. The home of a hash is {@code hash × capacity / 2^64} (Lemire, "fast range", 2016), so
 * the capacity need not be a power of two and grows by an eighth: the table is at least 77% full
 * once it has more than a few entries. Removal shifts back (Knuth, vol. 3, 6.4 R), so there are no
 * tombstones. Not thread-safe, but {@link #get} may race with a change: it ends, and the caller
 * must discard its result.
 */
class LongTable {
  private static final int MIN_CAPACITY = 4;

  private long[] table;
  private int capacity;
  private int size;

  /** A table with room for that many entries before it grows. */
  LongTable(int entries) {
    capacity = capacityFor(entries);
    table = new long[2 * capacity];
    VarHandle.storeStoreFence(); // a thread that finds the table in a race finds its array
  }

  /** Takes over the entries of a table that is not used any more. */
  LongTable(LongTable other) {
    table = other.table;
    capacity = other.capacity;
    size = other.size;
  }

  private static int capacityFor(int entries) {
    return Math.max(MIN_CAPACITY, Math.addExact(entries, Math.max(1, (entries + 6) / 7)));
  }

  int size() {
    return size;
  }

  int capacity() {
    return capacity;
  }

  /** The value, or 0. */
  long get(long hash) {
    long[] places = table;
    int end = 2 * capacity; // known before the array's own length, which another cache line has
    if (end != places.length) {
      return 0; // it is being resized
    }
    int at = 2 * (int) Math.unsignedMultiplyHigh(hash, end >> 1);
    for (int left = end; left > 0; left -= 2) {
      long there = places[at];
      if (there == hash) {
        return places[at + 1];
      }
      if (there == 0) {
        return 0;
      }
      at = at + 2 == end ? 0 : at + 2;
    }
    return 0;
  }

  /** Puts a value and returns the one it replaced, or 0. */
  long put(long hash, long value) {
    int at = find(hash);
    if (at >= 0) {
      long old = table[2 * at + 1];
      table[2 * at + 1] = value;
      return old;
    }
    if (size + 1 > capacity - Math.max(1, capacity / 8)) {
      resize(Math.max(capacity + 2, capacity + capacity / 8));
    }
    insert(hash, value);
    size++;
    return 0;
  }

  /** Removes an entry and returns its value, or 0. */
  long remove(long hash) {
    int hole = find(hash);
    if (hole < 0) {
      return 0;
    }
    long old = table[2 * hole + 1];
    int at = hole;
    for (; ; ) {
      at = next(at);
      long moving = table[2 * at];
      if (moving == 0) {
        break;
      }
      // It may fill the hole unless its home lies cyclically after the hole.
      int home = home(moving);
      boolean stays = hole <= at ? hole < home && home <= at : hole < home || home <= at;
      if (!stays) {
        table[2 * hole] = moving;
        table[2 * hole + 1] = table[2 * at + 1];
        hole = at;
      }
    }
    table[2 * hole] = 0;
    table[2 * hole + 1] = 0;
    size--;
    return old;
  }

  /** The hash at place {@code i < capacity()}, 0 if it is empty. */
  long hashAt(int i) {
    return table[2 * i];
  }

  long valueAt(int i) {
    return table[2 * i + 1];
  }

  /** Changes the value at a place that is not empty. */
  void valueAt(int i, long value) {
    table[2 * i + 1] = value;
  }

  /** Shrinks the table to its entries. */
  void trim() {
    int enough = capacityFor(size);
    if (enough < capacity) {
      resize(enough);
    }
  }

  private int find(long hash) {
    for (int at = home(hash); table[2 * at] != 0; at = next(at)) {
      if (table[2 * at] == hash) {
        return at;
      }
    }
    return -1;
  }

  private void insert(long hash, long value) {
    int at = home(hash);
    while (table[2 * at] != 0) {
      at = next(at);
    }
    table[2 * at] = hash;
    table[2 * at + 1] = value;
  }

  private void resize(int newCapacity) {
    long[] old = table;
    table = new long[2 * newCapacity];
    capacity = newCapacity;
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != 0) {
        insert(old[i], old[i + 1]);
      }
    }
  }

  private int home(long hash) {
    return (int) Math.unsignedMultiplyHigh(hash, capacity);
  }

  private int next(int at) {
    return at + 1 == capacity ? 0 : at + 1;
  }
}
