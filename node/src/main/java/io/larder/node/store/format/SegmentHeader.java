package io.larder.node.store.format;

import java.nio.ByteBuffer;
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
 * All fields lie in the first sector, so a torn write leaves the old header or the new one, never
 * none: with none the checkpoint's table would serve, which may still know a writing that was
 * reclaimed since.
 */
public record SegmentHeader(
    UUID deviceUuid, int segment, int generation, boolean free, Nonce nonce, long lsn) {
  public static final int BYTES = Geometry.BLOCK_BYTES;

  private static final int SECTOR_BYTES = 512;
  private static final int MAGIC = 0x4745534c;
  private static final int USE_OPEN = 1;
  private static final int USE_FREE = 2;

  private static final int MAGIC_AT = 0;
  private static final int CRC_AT = 4;
  private static final int CRC_FROM = 8;
  private static final int USE_AT = 8;
  private static final int SEGMENT_AT = 12;
  private static final int DEVICE_UUID_AT = 16;
  private static final int GENERATION_AT = 32;
  private static final int NONCE_AT = 40;
  private static final int LSN_AT = 56;

  /** Writes the whole block. */
  public void encode(ByteBuffer target) {
    ByteBuffer block = Fields.zeroed(target, 0, BYTES);
    block.putInt(MAGIC_AT, MAGIC).putInt(USE_AT, free ? USE_FREE : USE_OPEN);
    block.putInt(SEGMENT_AT, segment).putInt(GENERATION_AT, generation).putLong(LSN_AT, lsn);
    Fields.put(block, DEVICE_UUID_AT, deviceUuid);
    Fields.put(block, NONCE_AT, nonce);
    block.putInt(CRC_AT, Checksum.of(block, CRC_FROM, SECTOR_BYTES));
  }

  /** Reads the header of that segment of that device; null if it is anything else. */
  public static @Nullable SegmentHeader decode(ByteBuffer source, UUID deviceUuid, int segment) {
    ByteBuffer block = Fields.of(source, 0, BYTES);
    int use = block.getInt(USE_AT);
    int generation = block.getInt(GENERATION_AT);
    if (block.getInt(MAGIC_AT) != MAGIC
        || block.getInt(CRC_AT) != Checksum.of(block, CRC_FROM, SECTOR_BYTES)
        || block.getInt(SEGMENT_AT) != segment
        || !isOf(deviceUuid, block)
        || (use != USE_OPEN && use != USE_FREE)
        || generation < 0
        || generation > Location.MAX_GENERATION) {
      return null;
    }
    Nonce nonce = Fields.nonce(block, NONCE_AT);
    return new SegmentHeader(
        deviceUuid, segment, generation, use == USE_FREE, nonce, block.getLong(LSN_AT));
  }

  private static boolean isOf(UUID deviceUuid, ByteBuffer block) {
    return Fields.is(block, DEVICE_UUID_AT, deviceUuid);
  }
}
