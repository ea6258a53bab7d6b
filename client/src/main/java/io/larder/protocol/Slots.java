package io.larder.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The key slot function of Redis Cluster: CRC16 (XMODEM, polynomial 0x1021) of the hash tag, or of
 * the whole key when it has none, modulo 16384. Source: the Redis Cluster specification, "Key
 * distribution model" and "Hash tags". Eight bytes at a time, by slicing (Kounavis and Berry, "A
 * systematic approach to building high performance software-based CRC generators", 2005).
 */
public final class Slots {
  /** The number of slots, independent of the cluster's size. */
  public static final int COUNT = 16384;

  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
  private static final long OPEN_BRACES = 0x7b7b_7b7b_7b7b_7b7bL;

  /** At {@code 256 × n + b} the CRC of byte b with n zeros after it. */
  private static final char[] CRC16 = new char[8 * 256];

  static {
    for (int b = 0; b < 256; b++) {
      int crc = b << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
      }
      CRC16[b] = (char) crc;
    }
    for (int i = 256; i < CRC16.length; i++) {
      CRC16[i] = (char) next(CRC16[i - 256], (byte) 0);
    }
  }

  private Slots() {}

  /** The slot of a key, 0 to 16383. */
  public static int of(byte[] key) {
    int crc = 0;
    int at = 0;
    for (; at <= key.length - Long.BYTES; at += Long.BYTES) {
      long word = (long) WORD.get(key, at);
      long braces =
          word ^ OPEN_BRACES; // a zero byte where a brace is: Mycroft's test for a zero byte
      if (((braces - ONES) & ~braces & HIGH_BITS) != 0) {
        return ofTag(key);
      }
      word ^= (long) crc << 48;
      crc = 0;
      for (int n = 0; n < Long.BYTES; n++) {
        crc ^= CRC16[256 * n + (int) ((word >>> (8 * n)) & 0xff)];
      }
    }
    for (; at < key.length; at++) {
      if (key[at] == '{') {
        return ofTag(key);
      }
      crc = next(crc, key[at]);
    }
    return crc & (COUNT - 1);
  }

  /** The slot of a key that has an opening brace somewhere. */
  private static int ofTag(byte[] key) {
    int from = 0;
    int to = key.length;
    int open = indexOf(key, (byte) '{', 0);
    int close = indexOf(key, (byte) '}', open + 1);
    if (close > open + 1) {
      from = open + 1;
      to = close;
    }
    int crc = 0;
    for (int i = from; i < to; i++) {
      crc = next(crc, key[i]);
    }
    return crc & (COUNT - 1);
  }

  private static int next(int crc, byte b) {
    return ((crc << 8) & 0xffff) ^ CRC16[((crc >> 8) ^ b) & 0xff];
  }

  private static int indexOf(byte[] bytes, byte wanted, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }
}
