package io.larder.node.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The first block of a segment. It is complete on the device before any record of its generation is
 * written, and overwritten (as free) before a reclaimed segment counts as free.
 *
 * <pre>
 *   0  magic "LSEG"                4     32  generation             4
 *   4  CRC32C of 8…511             4     36  reserved               4
 *   8  use: 1 open, 2 free         4     40  nonce                 16
 *  12  segment index               4     56  LSN at opening         8
 *  16  device UUID                16     64  zeros          …    4096
 * </pre>
 *
 * What counts lies in the first sector, so a torn write leaves the old header or the new one, never
 * none: with none the table would serve, which may still know a writing that was reclaimed since.
 */
record SegmentHeader(
    UUID deviceUuid, int segment, int generation, boolean free, Nonce nonce, long lsn) {
  static final int BYTES = Geometry.BLOCK_BYTES;
  private static final int SECTOR_BYTES = 512;
  private static final int MAGIC = 0x4745534c;
  private static final int USE_OPEN = 1;
  private static final int USE_FREE = 2;

  void encode(ByteBuffer target) {
    ByteBuffer block = target.slice(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < BYTES; i += 8) {
      block.putLong(i, 0);
    }
    block.putInt(0, MAGIC).putInt(8, free ? USE_FREE : USE_OPEN).putInt(12, segment);
    block.putLong(16, deviceUuid.getMostSignificantBits());
    block.putLong(24, deviceUuid.getLeastSignificantBits());
    block.putInt(32, generation);
    block.putLong(40, nonce.high()).putLong(48, nonce.low()).putLong(56, lsn);
    block.putInt(4, Checksum.of(block, 8, SECTOR_BYTES));
  }

  /** Reads the header of that segment of that device; null if it is anything else. */
  static @Nullable SegmentHeader decode(ByteBuffer source, UUID deviceUuid, int segment) {
    ByteBuffer block = source.slice(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int use = block.getInt(8);
    int generation = block.getInt(32);
    if (block.getInt(0) != MAGIC
        || block.getInt(4) != Checksum.of(block, 8, SECTOR_BYTES)
        || block.getInt(12) != segment
        || !isOf(deviceUuid, block)
        || (use != USE_OPEN && use != USE_FREE)
        || generation < 0
        || generation > Location.MAX_GENERATION) {
      return null;
    }
    Nonce nonce = new Nonce(block.getLong(40), block.getLong(48));
    return new SegmentHeader(
        deviceUuid, segment, generation, use == USE_FREE, nonce, block.getLong(56));
  }

  private static boolean isOf(UUID deviceUuid, ByteBuffer block) {
    return block.getLong(16) == deviceUuid.getMostSignificantBits()
        && block.getLong(24) == deviceUuid.getLeastSignificantBits();
  }
}
