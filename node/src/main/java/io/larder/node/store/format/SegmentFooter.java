package io.larder.node.store.format;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The list of a segment's records, written when it is sealed, as the segment's last blocks.
 *
 * <pre>
 * segment ┌────────┬─────────────────────┬──────────┬─────────┬─────────┬─────────┐
 *         │ header │ records             │ (unused) │ block 0 │   ···   │block n−1│
 *         └────────┴─────────────────────┴──────────┴─────────┴─────────┴─────────┘
 * block    0  magic "LFTR"               4    24  segment                4
 *          4  CRC32C of 8…4095           4    28  generation             4
 *          8  own number in the footer   4    32  nonce                 16
 *         12  blocks of the footer: n    4    48  reserved              16
 *         16  entries in this block      4    64  63 entries of 64 B
 *         20  reserved                   4
 * entry    0  fingerprint                8    24  value length 4, slot 2, flags 2
 *          8  LSN                        8    32  expires at, ms         8
 *         16  offset, 64 B               4    40  put token epoch        8  (tombstone: LSN)
 *         20  extent length, 64 B        4    48  put token sequence     8  (tombstone: LSN)
 *                                             56  tombstone mode 2, reserved 6
 * flags    1 tombstone
 * </pre>
 *
 * In memory the entries of an open segment are one growing array of eight longs each, in just this
 * layout. Not thread-safe.
 */
public final class SegmentFooter {
  private static final int BLOCK_BYTES = Geometry.BLOCK_BYTES;
  private static final int MAGIC = 0x5254464c;

  // Block.
  private static final int MAGIC_AT = 0;
  private static final int CRC_AT = 4;
  private static final int CRC_FROM = 8;
  private static final int NUMBER_AT = 8;
  private static final int BLOCKS_AT = 12;
  private static final int COUNT_AT = 16;
  private static final int SEGMENT_AT = 24;
  private static final int GENERATION_AT = 28;
  private static final int NONCE_AT = 32;
  private static final int ENTRIES_AT = 64;

  // Entry, in longs.
  private static final int LONGS = 8;
  private static final int FINGERPRINT = 0;
  private static final int LSN = 1;
  private static final int OFFSET_AND_LENGTH = 2;
  private static final int VALUE_LENGTH_SLOT_FLAGS = 3;
  private static final int EXPIRY = 4;
  private static final int FIRST = 5;
  private static final int SECOND = 6;
  private static final int MODE = 7;

  private static final int ENTRIES_PER_BLOCK = (BLOCK_BYTES - ENTRIES_AT) / (LONGS * Long.BYTES);
  private static final int FLAG_TOMBSTONE = 1;

  /** In memory only: the record's write failed, so it is not listed. */
  private static final int FLAG_FAILED = 0x8000;

  private long[] entries = new long[LONGS * 16];
  private int count;

  /** The footer's size on the device for so many entries; at least one block. */
  public static int bytes(int entries) {
    return Math.max(1, (entries + ENTRIES_PER_BLOCK - 1) / ENTRIES_PER_BLOCK) * BLOCK_BYTES;
  }

  /** Adds a record as number {@link #count}. */
  public void add(RecordHeader header) {
    if ((count + 1) * LONGS > entries.length) {
      entries = Arrays.copyOf(entries, entries.length * 2);
    }
    int at = count * LONGS;
    boolean tombstone = header.kind() == RecordHeader.Kind.TOMBSTONE;
    RecordHeader.Place place = header.place();
    entries[at + FINGERPRINT] = header.fingerprint();
    entries[at + LSN] = header.lsn();
    entries[at + OFFSET_AND_LENGTH] = place.offsetUnits() | (long) place.lengthUnits() << 32;
    entries[at + VALUE_LENGTH_SLOT_FLAGS] =
        header.valueLength()
            | (long) header.slot() << 32
            | (tombstone ? (long) FLAG_TOMBSTONE << 48 : 0);
    entries[at + EXPIRY] = header.expiresAtMs();
    entries[at + FIRST] = header.token().epoch();
    entries[at + SECOND] = header.token().sequence();
    entries[at + MODE] = header.mode();
    count++;
  }

  /** Takes the record added as that number out of the footer: its write failed. */
  public void markFailed(int number) {
    entries[number * LONGS + VALUE_LENGTH_SLOT_FLAGS] |= (long) FLAG_FAILED << 48;
  }

  public int count() {
    return count;
  }

  private long field(int i, int field) {
    return entries[i * LONGS + field];
  }

  public long fingerprint(int i) {
    return field(i, FINGERPRINT);
  }

  public long lsn(int i) {
    return field(i, LSN);
  }

  public int offsetUnits(int i) {
    return (int) field(i, OFFSET_AND_LENGTH);
  }

  public int lengthUnits(int i) {
    return (int) (field(i, OFFSET_AND_LENGTH) >>> 32);
  }

  /** The {@link Location} of a record of that segment. */
  public long location(int segment, int i) {
    return Location.pack(segment, offsetUnits(i), lengthUnits(i));
  }

  public int slot(int i) {
    return (int) (field(i, VALUE_LENGTH_SLOT_FLAGS) >>> 32) & 0xffff;
  }

  public boolean isTombstone(int i) {
    return (field(i, VALUE_LENGTH_SLOT_FLAGS) >>> 48 & FLAG_TOMBSTONE) != 0;
  }

  private boolean isFailed(int i) {
    return (field(i, VALUE_LENGTH_SLOT_FLAGS) >>> 48 & FLAG_FAILED) != 0;
  }

  public long expiresAtMs(int i) {
    return field(i, EXPIRY);
  }

  /** The first LSN of a tombstone, the token's epoch of a value. */
  public long first(int i) {
    return field(i, FIRST);
  }

  /** The second LSN of a tombstone, the token's sequence of a value. */
  public long second(int i) {
    return field(i, SECOND);
  }

  public int mode(int i) {
    return (int) field(i, MODE) & 0xffff;
  }

  /** The lowest LSN, or {@link Long#MAX_VALUE} if there is no record. */
  public long lowestLsn() {
    long lowest = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      if (!isFailed(i)) {
        lowest = Math.min(lowest, lsn(i));
      }
    }
    return lowest;
  }

  /** The highest LSN, or 0 if there is no record. */
  public long highestLsn() {
    long highest = 0;
    for (int i = 0; i < count; i++) {
      highest = Math.max(highest, lsn(i));
    }
    return highest;
  }

  /** A copy without the failed records, as it is written. */
  public SegmentFooter written() {
    SegmentFooter copy = new SegmentFooter();
    copy.entries = new long[Math.max(1, count) * LONGS];
    for (int i = 0; i < count; i++) {
      if (!isFailed(i)) {
        System.arraycopy(entries, i * LONGS, copy.entries, copy.count++ * LONGS, LONGS);
      }
    }
    return copy;
  }

  /** Writes the footer into a buffer of {@link #bytes} of its count. */
  public void encode(ByteBuffer target, int segment, int generation, Nonce nonce) {
    int blocks = bytes(count) / BLOCK_BYTES;
    for (int block = 0; block < blocks; block++) {
      ByteBuffer b = Fields.zeroed(target, block * BLOCK_BYTES, BLOCK_BYTES);
      int first = block * ENTRIES_PER_BLOCK;
      int here = Math.min(ENTRIES_PER_BLOCK, count - first);
      b.putInt(MAGIC_AT, MAGIC).putInt(NUMBER_AT, block).putInt(BLOCKS_AT, blocks);
      b.putInt(COUNT_AT, here).putInt(SEGMENT_AT, segment).putInt(GENERATION_AT, generation);
      Fields.put(b, NONCE_AT, nonce);
      for (int i = 0; i < here * LONGS; i++) {
        b.putLong(ENTRIES_AT + Long.BYTES * i, entries[first * LONGS + i]);
      }
      b.putInt(CRC_AT, Checksum.of(b, CRC_FROM, BLOCK_BYTES));
    }
  }

  /** The number of blocks of the footer that ends with this one; 0 if it is not of that writing. */
  public static int blocks(ByteBuffer last, int segment, int generation, Nonce nonce) {
    ByteBuffer b = Fields.of(last, 0, BLOCK_BYTES);
    int blocks = b.getInt(BLOCKS_AT);
    return isBlock(b, blocks - 1, blocks, segment, generation, nonce) ? blocks : 0;
  }

  /** Reads a whole footer; null if any block of it is not of that writing of that segment. */
  public static @Nullable SegmentFooter decode(
      ByteBuffer source, int segment, int generation, Nonce nonce) {
    int blocks = source.capacity() / BLOCK_BYTES;
    SegmentFooter footer = new SegmentFooter();
    footer.entries = new long[blocks * ENTRIES_PER_BLOCK * LONGS];
    for (int block = 0; block < blocks; block++) {
      ByteBuffer b = Fields.of(source, block * BLOCK_BYTES, BLOCK_BYTES);
      if (!isBlock(b, block, blocks, segment, generation, nonce)) {
        return null;
      }
      int here = b.getInt(COUNT_AT);
      b.position(ENTRIES_AT);
      b.asLongBuffer().get(footer.entries, footer.count * LONGS, here * LONGS);
      footer.count += here;
    }
    return footer;
  }

  private static boolean isBlock(
      ByteBuffer b, int number, int blocks, int segment, int generation, Nonce nonce) {
    return b.getInt(MAGIC_AT) == MAGIC
        && b.getInt(CRC_AT) == Checksum.of(b, CRC_FROM, BLOCK_BYTES)
        && b.getInt(NUMBER_AT) == number
        && number >= 0
        && b.getInt(BLOCKS_AT) == blocks
        && b.getInt(SEGMENT_AT) == segment
        && isOfWriting(b, generation, nonce)
        && b.getInt(COUNT_AT) >= 0
        && b.getInt(COUNT_AT) <= ENTRIES_PER_BLOCK;
  }

  private static boolean isOfWriting(ByteBuffer b, int generation, Nonce nonce) {
    return Nonce.isSameWriting(
        b.getInt(GENERATION_AT), Fields.nonce(b, NONCE_AT), generation, nonce);
  }
}
