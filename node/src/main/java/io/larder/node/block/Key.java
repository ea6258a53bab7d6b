package io.larder.node.block;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * A key: its bytes and its {@link KeyRef}, which is derived once. Immutable; the array is not
 * copied and must not be changed. {@link Keyspace#key} makes keys.
 */
public final class Key {
  private final byte[] bytes;
  private final KeyRef ref;

  Key(byte[] bytes, int slot, long fingerprint) {
    this.bytes = bytes;
    this.ref = new KeyRef(slot, fingerprint);
  }

  /** The key itself, 1 to 1024 bytes; not a copy. */
  public byte[] bytes() {
    return bytes;
  }

  /** The key's slot and fingerprint. */
  public KeyRef ref() {
    return ref;
  }

  /** Redis Cluster's slot, 0 to 16383. */
  public int slot() {
    return ref.slot();
  }

  /** The 64-bit keyed hash that stands for the key in index, footers and directory; never 0. */
  public long fingerprint() {
    return ref.fingerprint();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key && ref.equals(key.ref) && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(ref.fingerprint());
  }

  @Override
  public String toString() {
    return new String(bytes, UTF_8);
  }
}
