package io.larder.client;

import io.larder.protocol.PutToken;
import java.util.Optional;

/**
 * What is known of a block besides its bytes.
 *
 * @param lengthBytes the value's length
 * @param metadata what was put with it; not a copy
 * @param source where the bytes came from
 * @param id of the put that stored it; two servers' bytes for one key differ, and so do their ids.
 *     Empty for a block that was computed here and not stored under a lease
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record BlockInfo(int lengthBytes, byte[] metadata, Source source, Optional<PutToken> id) {

  /** The metadata as a tensor's description; empty when it is none. */
  public Optional<TensorMetadata> tensor() {
    return TensorMetadata.decode(metadata);
  }
}
