package io.larder.protocol;

/**
 * The description of a block that a reply to {@code KV.GET} or {@code PEER.GET} sends before its
 * bytes.
 *
 * @param id the token of the put that stored the block: two servers' bytes for one key differ
 * @param metadata at most {@link Limits#MAX_METADATA_BYTES} bytes; given away, not copied
 * @param crcs the CRC32C of each chunk, in order; given away, not copied
 * @param tier the tier where the node found it: {@code HOT}, {@code DEVICE} or {@code PEER}
 * @param length the block's bytes, 0 to {@link Limits#MAX_VALUE_BYTES}
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record BlockHeader(PutToken id, byte[] metadata, int[] crcs, String tier, int length) {

  /** The number of chunks that follow. */
  public int chunks() {
    return crcs.length;
  }

  /** The bytes of chunk {@code i}: 1 MiB for all but the last. */
  public int chunkLength(int i) {
    return Math.min(Limits.CHUNK_BYTES, length - i * Limits.CHUNK_BYTES);
  }
}
