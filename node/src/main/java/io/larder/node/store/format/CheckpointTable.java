package io.larder.node.store.format;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The segment table as one side of the checkpoint holds it.
 *
 * <pre>
 * side        ┌──────┬─────────┬─────────┬──···──┐
 *             │ root │ block 0 │ block 1 │       │   4 KiB each
 *             └──────┴─────────┴─────────┴──···──┘
 * root    0  magic "LCKP"            4    32  checkpoint sequence       8
 *         4  CRC32C of 8…4095        4    40  mount sequence            8
 *         8  table blocks            4    48  logical time, ms          8
 *        12  CRC32C of the blocks'   4    56  zeros           …      4096
 *            CRC32Cs, in order
 *        16  device UUID            16
 * block   0  magic "LTBL"            4    16  device UUID              16
 *         4  CRC32C of 8…4095        4    32  reserved                 32
 *         8  number of the block     4    64  63 entries of 64 B
 *        12  reserved                4
 * entry   0  generation              4    24  LSN at opening            8
 *         4  state                   4    32  lowest LSN                8
 *         8  nonce                  16    40  live bytes 8, reserved 16
 * state   0 free, 1 opening, 2 open, 3 sealing, 4 sealed, 5 reclaiming, 6 quarantined
 * </pre>
 *
 * @param sequence of the checkpoint
 * @param mountSequence of the mount that wrote it
 * @param clockMs the logical time
 * @param entries one for each segment
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record CheckpointTable(long sequence, long mountSequence, long clockMs, Entry[] entries) {
  private static final int BLOCK = Geometry.BLOCK_BYTES;
  private static final int PER_BLOCK = Geometry.TABLE_ENTRIES_PER_BLOCK;

  // Root and blocks.
  private static final int MAGIC_AT = 0;
  private static final int CRC_AT = 4;
  private static final int CRC_FROM = 8;
  private static final int DEVICE_UUID_AT = 16;
  private static final int ROOT_MAGIC = 0x504b434c;
  private static final int BLOCK_MAGIC = 0x4c42544c;

  // Root.
  private static final int BLOCKS_AT = 8;
  private static final int BLOCK_CRCS_CRC_AT = 12;
  private static final int SEQUENCE_AT = 32;
  private static final int MOUNT_SEQUENCE_AT = 40;
  private static final int CLOCK_AT = 48;

  // Block.
  private static final int NUMBER_AT = 8;
  private static final int ENTRIES_AT = 64;

  // Entry.
  private static final int ENTRY_BYTES = 64;
  private static final int GENERATION_AT = 0;
  private static final int STATE_AT = 4;
  private static final int NONCE_AT = 8;
  private static final int OPENED_LSN_AT = 24;
  private static final int LOWEST_LSN_AT = 32;
  private static final int LIVE_BYTES_AT = 40;

  /** One segment's entry. */
  public record Entry(
      int generation,
      SegmentState state,
      Nonce nonce,
      long openedLsn,
      long lowestLsn,
      long liveBytes) {}

  /** Writes a whole side of {@link Geometry#sideBytes(int)}. */
  public void encode(ByteBuffer side, UUID deviceUuid) {
    int blocks = blocks(entries.length);
    ByteBuffer crcs = Fields.of(ByteBuffer.allocate(4 * blocks), 0, 4 * blocks);
    for (int block = 0; block < blocks; block++) {
      crcs.putInt(4 * block, encodeBlock(side, block, deviceUuid));
    }
    ByteBuffer root = Fields.zeroed(side, 0, BLOCK);
    root.putInt(MAGIC_AT, ROOT_MAGIC).putInt(BLOCKS_AT, blocks);
    root.putInt(BLOCK_CRCS_CRC_AT, Checksum.of(crcs, 0, 4 * blocks));
    Fields.put(root, DEVICE_UUID_AT, deviceUuid);
    root.putLong(SEQUENCE_AT, sequence).putLong(MOUNT_SEQUENCE_AT, mountSequence);
    root.putLong(CLOCK_AT, clockMs).putInt(CRC_AT, Checksum.of(root, CRC_FROM, BLOCK));
  }

  /** Writes one block of the table; returns its checksum. */
  private int encodeBlock(ByteBuffer side, int number, UUID deviceUuid) {
    ByteBuffer block = Fields.zeroed(side, (number + 1) * BLOCK, BLOCK);
    block.putInt(MAGIC_AT, BLOCK_MAGIC).putInt(NUMBER_AT, number);
    Fields.put(block, DEVICE_UUID_AT, deviceUuid);
    int first = number * PER_BLOCK;
    for (int i = 0; i < PER_BLOCK && first + i < entries.length; i++) {
      encodeEntry(block, ENTRIES_AT + i * ENTRY_BYTES, entries[first + i]);
    }
    int crc = Checksum.of(block, CRC_FROM, BLOCK);
    block.putInt(CRC_AT, crc);
    return crc;
  }

  private static void encodeEntry(ByteBuffer block, int at, Entry entry) {
    block.putInt(at + GENERATION_AT, entry.generation).putInt(at + STATE_AT, entry.state.code());
    Fields.put(block, at + NONCE_AT, entry.nonce);
    block.putLong(at + OPENED_LSN_AT, entry.openedLsn).putLong(at + LOWEST_LSN_AT, entry.lowestLsn);
    block.putLong(at + LIVE_BYTES_AT, entry.liveBytes);
  }

  /** Reads a side; null unless it is whole and of that device. */
  public static @Nullable CheckpointTable decode(ByteBuffer side, UUID deviceUuid, int segments) {
    ByteBuffer root = Fields.of(side, 0, BLOCK);
    int blocks = blocks(segments);
    if (!isOurs(root, ROOT_MAGIC, deviceUuid) || root.getInt(BLOCKS_AT) != blocks) {
      return null;
    }
    Entry[] entries = new Entry[segments];
    ByteBuffer crcs = Fields.of(ByteBuffer.allocate(4 * blocks), 0, 4 * blocks);
    for (int number = 0; number < blocks; number++) {
      ByteBuffer block = Fields.of(side, (number + 1) * BLOCK, BLOCK);
      if (!isOurs(block, BLOCK_MAGIC, deviceUuid) || block.getInt(NUMBER_AT) != number) {
        return null;
      }
      crcs.putInt(4 * number, block.getInt(CRC_AT));
      int first = number * PER_BLOCK;
      for (int i = 0; i < PER_BLOCK && first + i < segments; i++) {
        entries[first + i] = decodeEntry(block, ENTRIES_AT + i * ENTRY_BYTES);
      }
    }
    if (root.getInt(BLOCK_CRCS_CRC_AT) != Checksum.of(crcs, 0, 4 * blocks)) {
      return null;
    }
    return new CheckpointTable(
        root.getLong(SEQUENCE_AT),
        root.getLong(MOUNT_SEQUENCE_AT),
        root.getLong(CLOCK_AT),
        entries);
  }

  private static Entry decodeEntry(ByteBuffer block, int at) {
    return new Entry(
        block.getInt(at + GENERATION_AT),
        SegmentState.of(block.getInt(at + STATE_AT)),
        Fields.nonce(block, at + NONCE_AT),
        block.getLong(at + OPENED_LSN_AT),
        block.getLong(at + LOWEST_LSN_AT),
        block.getLong(at + LIVE_BYTES_AT));
  }

  private static int blocks(int segments) {
    return Geometry.sideBytes(segments) / BLOCK - 1;
  }

  private static boolean isOurs(ByteBuffer block, int magic, UUID deviceUuid) {
    return block.getInt(MAGIC_AT) == magic
        && block.getInt(CRC_AT) == Checksum.of(block, CRC_FROM, BLOCK)
        && Fields.is(block, DEVICE_UUID_AT, deviceUuid);
  }
}
