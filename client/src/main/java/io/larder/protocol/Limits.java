package io.larder.protocol;

/** Bounds of the protocol, which every module enforces; all in bytes. */
public final class Limits {
  /** The longest key. The shortest is 1 byte. */
  public static final int MAX_KEY_BYTES = 1024;

  /** The longest metadata. */
  public static final int MAX_METADATA_BYTES = 2048;

  /** The largest value any device can hold; a node's own limit may be lower. */
  public static final int MAX_VALUE_BYTES = 128 << 20;

  /** Values are transferred, held in memory and checksummed in chunks of this size. */
  public static final int CHUNK_BYTES = 1 << 20;

  private Limits() {}

  /** The number of chunks of a value of {@code length} bytes: all but the last are whole. */
  public static int chunks(int length) {
    return (int) (((long) length + CHUNK_BYTES - 1) / CHUNK_BYTES);
  }
}
