package io.larder.node.block;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * A key with its slot and its fingerprint, which are derived once. Immutable; the array is not
 * copied and must not be changed. Created by {@link Keyspace#key}.
 */
public final class Key {
  private final byte[] bytes;
  private final int slot;
  private final long fingerprint;

  Key(byte[] bytes, int slot, long fingerprint) {
    this.bytes = bytes;
    this.slot = slot;
    this.fingerprint = fingerprint;
  }

  /** The key itself, 1 to 1024 bytes; not a copy. */
  public byte[] bytes() {
    return bytes;
  }

  /** Redis Cluster's slot, 0 to 16383. */
  public int slot() {
    return slot;
  }

  /** The 64-bit keyed hash that stands for the key in index, footers and directory; never 0. */
  public long fingerprint() {
    return fingerprint;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key
        && fingerprint == key.fingerprint
        && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(fingerprint);
  }

  @Override
  public String toString() {
    return new String(bytes, UTF_8);
  }
}
