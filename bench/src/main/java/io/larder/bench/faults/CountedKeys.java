package io.larder.bench.faults;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The keys of byte-counting clients, by number. A key has one length and one value for ever, and
 * the value's bytes identify the key. Immutable.
 *
 * @param set the number of the key set, which distinguishes its values; at most {@link #MAX_SET}
 * @param lengths the lengths of the values in turn
 */
record CountedKeys(String prefix, int set, List<Integer> lengths) {
  static final int MAX_SET = (1 << 14) - 1;

  /** Above the put numbers of the other clients. */
  private static final long FIRST = 1L << 38;

  private static final int KEY_BITS = 24;

  CountedKeys {
    lengths = List.copyOf(lengths);
    if (set < 0 || set > MAX_SET) {
      throw new IllegalArgumentException("key set " + set);
    }
  }

  String key(int number) {
    return prefix + number;
  }

  int length(int number) {
    return lengths.get(number % lengths.size());
  }

  byte[] value(int number) {
    return PutContents.of(content(number), length(number));
  }

  /** Whether these are exactly the key's bytes. */
  boolean isValue(int number, byte[] bytes) {
    return PutContents.putOf(ByteBuffer.wrap(bytes)) == content(number);
  }

  private long content(int number) {
    return FIRST | (long) set << KEY_BITS | number;
  }
}
