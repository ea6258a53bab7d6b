package io.larder.client;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A block that the caller has computed.
 *
 * @param data the value, these buffers' remaining bytes one after the other; not copied, must not
 *     change until the put has completed
 * @param options its metadata and expiry; a token is ignored
 */
public record ComputedBlock(List<ByteBuffer> data, PutOptions options) {
  public ComputedBlock {
    data = List.copyOf(data);
  }

  public static ComputedBlock of(ByteBuffer data) {
    return new ComputedBlock(List.of(data), PutOptions.NONE);
  }

  public static ComputedBlock of(ByteBuffer data, TensorMetadata tensor) {
    return new ComputedBlock(List.of(data), PutOptions.NONE.withMetadata(tensor));
  }
}
