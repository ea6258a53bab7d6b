package io.larder.client;

import io.larder.protocol.Limits;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/** CRC32C of a value, one for each MiB of it. */
final class Checksums {
  private Checksums() {}

  /** Returns four bytes, big endian, for each MiB of the buffers' remaining bytes. */
  static byte[] encoded(List<ByteBuffer> value, int length) {
    ByteBuffer out = ByteBuffer.allocate(4 * Limits.chunks(length));
    CRC32C crc = new CRC32C();
    int left = Math.min(length, Limits.CHUNK_BYTES);
    for (ByteBuffer part : value) {
      ByteBuffer rest = part.duplicate();
      while (rest.hasRemaining()) {
        int count = Math.min(rest.remaining(), left);
        crc.update(rest.slice(rest.position(), count));
        rest.position(rest.position() + count);
        left -= count;
        if (left == 0) {
          out.putInt((int) crc.getValue());
          crc.reset();
          left = Limits.CHUNK_BYTES;
        }
      }
    }
    if (out.hasRemaining()) {
      out.putInt((int) crc.getValue());
    }
    return out.array();
  }
}
