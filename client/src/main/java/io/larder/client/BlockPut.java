package io.larder.client;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A block to be put.
 *
 * @param key 1 to 1024 bytes; not copied
 * @param value these buffers' remaining bytes one after the other; not copied, must not change
 *     until the put has completed
 * @param options its metadata, expiry and lease
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record BlockPut(byte[] key, List<ByteBuffer> value, PutOptions options) {
  public BlockPut {
    value = List.copyOf(value);
  }

  public static BlockPut of(byte[] key, ByteBuffer value) {
    return new BlockPut(key, List.of(value), PutOptions.NONE);
  }
}
