package io.larder.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.CRC32C;

/** Blocks with known bytes, and their KV.GET replies written out by hand. */
public final class Blocks {
  private Blocks() {}

  public static byte[] bytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  public static byte[] reply(byte[] value, String metadata) {
    return reply(value, metadata, -1);
  }

  /** With {@code -MISS} instead of chunk {@code missingFrom}, and null for the rest. */
  public static byte[] reply(byte[] value, String metadata, int missingFrom) {
    try {
      int chunks = Limits.chunks(value.length);
      ByteBuffer crcs = ByteBuffer.allocate(4 * chunks);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      for (int i = 0; i < chunks; i++) {
        int from = i * Limits.CHUNK_BYTES;
        int length = Math.min(Limits.CHUNK_BYTES, value.length - from);
        CRC32C crc = new CRC32C();
        crc.update(value, from, length);
        crcs.putInt((int) crc.getValue());
        if (missingFrom >= 0 && i >= missingFrom) {
          body.write((i == missingFrom ? "-MISS gone\r\n" : "_\r\n").getBytes(ISO_8859_1));
        } else {
          body.write(("$" + length + "\r\n").getBytes(ISO_8859_1));
          body.write(value, from, length);
          body.write("\r\n".getBytes(ISO_8859_1));
        }
      }
      out.write(("*" + (5 + chunks) + "\r\n").getBytes(ISO_8859_1));
      out.write("$5\r\n1f-2a\r\n".getBytes(ISO_8859_1));
      out.write(("$" + metadata.length() + "\r\n" + metadata + "\r\n").getBytes(ISO_8859_1));
      out.write(("$" + 4 * chunks + "\r\n").getBytes(ISO_8859_1));
      out.write(crcs.array());
      out.write(("\r\n+HOT\r\n:" + value.length + "\r\n").getBytes(ISO_8859_1));
      out.write(body.toByteArray());
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
