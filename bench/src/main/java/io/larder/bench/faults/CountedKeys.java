package io.larder.bench.faults;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The keys of byte-counting clients, by number. A key has one length and one value for ever, and
 * the value's bytes say whose it is. Immutable.
 *
 * @param set tells the values of these keys from those of any other set; at most {@link #MAX_SET}
 * @param lengths of the values in turn
 */
record CountedKeys(String prefix, int set, List<Integer> lengths) {
  static final int MAX_SET = (1 << 14) - 1;

  /** Numbers that no put of the other clients has. */
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

  /** Whether these are the key's bytes, to the last one. */
  boolean isValue(int number, byte[] bytes) {
    return PutContents.putOf(ByteBuffer.wrap(bytes)) == content(number);
  }

  private long content(int number) {
    return FIRST | (long) set << KEY_BITS | number;
  }
}
