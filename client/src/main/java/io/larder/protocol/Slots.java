package io.larder.protocol;

/**
 * The key slot function of Redis Cluster: CRC16 (XMODEM, polynomial 0x1021) of the hash tag, or of
 * the whole key when it has none, modulo 16384. Source: the Redis Cluster specification, "Key
 * distribution model" and "Hash tags".
 */
public final class Slots {
  /** How many slots there are, whatever the cluster's size. */
  public static final int COUNT = 16384;

  private static final int[] CRC16 = new int[256];

  static {
    for (int i = 0; i < 256; i++) {
      int crc = i << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
      }
      CRC16[i] = crc & 0xffff;
    }
  }

  private Slots() {}

  /** The slot of a key, 0 to 16383. */
  public static int of(byte[] key) {
    int from = 0;
    int to = key.length;
    int open = indexOf(key, (byte) '{', 0);
    if (open >= 0) {
      int close = indexOf(key, (byte) '}', open + 1);
      if (close > open + 1) {
        from = open + 1;
        to = close;
      }
    }
    int crc = 0;
    for (int i = from; i < to; i++) {
      crc = ((crc << 8) & 0xffff) ^ CRC16[((crc >> 8) ^ key[i]) & 0xff];
    }
    return crc & (COUNT - 1);
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
