package io.larder.bench.faults;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The bytes of a put's value, a function of the put's number alone: every put has unique bytes,
 * from which its number can be read. Word 0 is the number and the length, word i {@code
 * splitmix64(word 0 + i)} (Steele, Lea and Flood, 2014), cut to the length.
 */
final class PutContents {
  static final int MIN_BYTES = 8;

  private static final int LENGTH_BITS = 24;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;
  private static final VarHandle WORD =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private PutContents() {}

  /** The value of a put. */
  static byte[] of(long put, int length) {
    if (length < MIN_BYTES || length >= 1 << LENGTH_BITS) {
      throw new IllegalArgumentException("a value of " + length + " bytes");
    }
    ByteBuffer value = ByteBuffer.allocate((length + 7) & ~7);
    long first = put << LENGTH_BITS | length;
    WORD.set(value, 0, first);
    for (int at = 8; at < value.capacity(); at += 8) {
      WORD.set(value, at, word(first, at));
    }
    return Arrays.copyOf(value.array(), length);
  }

  /** The number of the put with exactly these bytes, or -1 if there is none. */
  static long putOf(ByteBuffer value) {
    int start = value.position();
    int length = value.remaining();
    if (length < MIN_BYTES) {
      return -1;
    }
    long first = (long) WORD.get(value, start);
    if ((first & ((1 << LENGTH_BITS) - 1)) != length) {
      return -1;
    }
    for (int at = 8; at < length; at += 8) {
      long expected = word(first, at);
      if (at + 8 <= length) {
        if ((long) WORD.get(value, start + at) != expected) {
          return -1;
        }
      } else {
        for (int i = at; i < length; i++, expected >>>= 8) {
          if (value.get(start + i) != (byte) expected) {
            return -1;
          }
        }
      }
    }
    return first >>> LENGTH_BITS;
  }

  private static long word(long first, int at) {
    long z = first + at * GOLDEN;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
