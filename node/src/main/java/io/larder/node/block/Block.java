package io.larder.node.block;

import io.larder.protocol.PutToken;

/**
 * A stored value: immutable but for its payload's reference count, which counts for the block.
 *
 * @param id the token of the put that stored it, unique among the values of its key
 * @param metadata up to 2 KiB, opaque; not copied
 * @param expiresAtMs the logical time in milliseconds at which it expires; {@link #NEVER} if it
 *     does not expire
 * @param payload the bytes
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Block(PutToken id, byte[] metadata, long expiresAtMs, Payload payload) {
  /** The expiry of a block that does not expire. */
  public static final long NEVER = Long.MAX_VALUE;

  /** No metadata. */
  public static final byte[] NO_METADATA = {};

  public boolean isExpired(long nowMs) {
    return nowMs >= expiresAtMs;
  }
}
