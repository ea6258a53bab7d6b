package io.larder.client;

import io.larder.protocol.PutToken;
import java.util.Optional;

/**
 * The description of a block.
 *
 * @param lengthBytes the value's length
 * @param metadata the metadata that was put with it; not a copy
 * @param source where the bytes came from
 * @param id the id of the put that stored it; two servers' bytes for one key differ, and so do
 *     their ids. Empty for a block that was computed here and not stored under a lease
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record BlockInfo(int lengthBytes, byte[] metadata, Source source, Optional<PutToken> id) {

  /** Decodes the metadata as a tensor's description; empty if it is not one. */
  public Optional<TensorMetadata> tensor() {
    return TensorMetadata.decode(metadata);
  }
}
