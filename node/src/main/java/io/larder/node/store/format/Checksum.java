package io.larder.node.store.format;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC32C (Castagnoli), the checksum of everything on the device. */
public final class Checksum {
  private Checksum() {}

  /** The checksum of the bytes from {@code from} to before {@code to}, absolute indices. */
  public static int of(ByteBuffer bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(from, to - from));
    return (int) crc.getValue();
  }
}
