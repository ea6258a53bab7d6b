package io.larder.client;

import io.larder.protocol.Limits;
import io.larder.protocol.PutToken;
import java.time.Duration;
import java.util.Optional;

/**
 * The options of a put. Immutable; start from {@link #NONE}.
 *
 * @param metadata up to 2048 bytes stored with the value; not copied, must not change
 * @param timeToLive when the value expires; empty for never
 * @param token the token of the lease under which to put; empty to acquire a lease with the put
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record PutOptions(byte[] metadata, Optional<Duration> timeToLive, Optional<PutToken> token) {
  /** No metadata, no expiry, no lease acquired beforehand. */
  public static final PutOptions NONE =
      new PutOptions(new byte[0], Optional.empty(), Optional.empty());

  public PutOptions {
    if (metadata.length > Limits.MAX_METADATA_BYTES) {
      throw new IllegalArgumentException(
          "metadata of "
              + metadata.length
              + " bytes: at most "
              + Limits.MAX_METADATA_BYTES
              + " are kept with a value; put the rest into the value");
    }
    timeToLive.ifPresent(ttl -> {
      if (ttl.toMillis() < 1) {
        throw new IllegalArgumentException("timeToLive is " + ttl + ": give at least 1 ms");
      }
    });
  }

  public PutOptions withMetadata(byte[] bytes) {
    return new PutOptions(bytes, timeToLive, token);
  }

  /** Stores the tensor's description as metadata. */
  public PutOptions withMetadata(TensorMetadata tensor) {
    return withMetadata(tensor.encode());
  }

  public PutOptions withTimeToLive(Duration ttl) {
    return new PutOptions(metadata, Optional.of(ttl), token);
  }

  public PutOptions withToken(PutToken granted) {
    return new PutOptions(metadata, timeToLive, Optional.of(granted));
  }
}
