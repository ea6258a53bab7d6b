package io.larder.node.store;

import io.larder.protocol.PutToken;

/**
 * The header of a stored record.
 *
 * @param key the key itself; not a copy
 * @param token the value's id
 * @param stamp where the record is
 * @param expiresAtMs logical time; {@link io.larder.node.block.Block#NEVER} if it does not expire
 * @param valueLength bytes of the value
 * @param pinned whether reclaim keeps it
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record StoredRecord(
    byte[] key, PutToken token, long stamp, long expiresAtMs, int valueLength, boolean pinned) {}
