package io.larder.node.service;

import io.larder.protocol.PutToken;
import org.jspecify.annotations.Nullable;

/**
 * The options of a put.
 *
 * @param metadata stored with the value, up to 2 KiB, opaque; not copied
 * @param expiresInMs the value's life from now, or {@link #NO_EXPIRY}
 * @param token the put-lease this put was granted before; null to ask for one
 * @param waitMs how long to wait while another writes the key
 * @param settleMs how long to wait for other nodes in all, from the payload's last byte; the wait
 *     for another writer is part of it
 * @param length the payload's length in bytes
 * @param droppable whether a put that is not settled in time is withdrawn, so that it does not
 *     become visible later: its client gets OK in place of an error
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record PutOptions(
    byte[] metadata,
    long expiresInMs,
    @Nullable PutToken token,
    long waitMs,
    long settleMs,
    int length,
    boolean droppable) {
  /** Of {@link #expiresInMs}: the value does not expire. */
  public static final long NO_EXPIRY = -1;
}
