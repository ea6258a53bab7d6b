package io.larder.node.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
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
final class SegmentFooter {
  static final int ENTRY_BYTES = 64;
  private static final int BLOCK_HEADER_BYTES = 64;
  private static final int ENTRIES_PER_BLOCK =
      (Geometry.BLOCK_BYTES - BLOCK_HEADER_BYTES) / ENTRY_BYTES;
  private static final int LONGS = ENTRY_BYTES / 8;
  private static final int MAGIC = 0x5254464c;
  private static final int FLAG_TOMBSTONE = 1;

  /** In memory only: the record's write failed, so it is not listed. */
  private static final int FLAG_FAILED = 0x8000;

  private long[] entries = new long[LONGS * 16];
  private int count;

  /** The footer's size on the device for so many entries; at least one block. */
  static int bytes(int entries) {
    return Math.max(1, (entries + ENTRIES_PER_BLOCK - 1) / ENTRIES_PER_BLOCK)
        * Geometry.BLOCK_BYTES;
  }

  /** Adds a record and returns its number. */
  int add(RecordHeader header) {
    if ((count + 1) * LONGS > entries.length) {
      entries = Arrays.copyOf(entries, entries.length * 2);
    }
    int at = count * LONGS;
    boolean tombstone = header.kind() == RecordHeader.Kind.TOMBSTONE;
    RecordHeader.Place place = header.place();
    entries[at] = header.fingerprint();
    entries[at + 1] = header.lsn();
    entries[at + 2] = place.offsetUnits() | (long) place.lengthUnits() << 32;
    entries[at + 3] =
        header.valueLength()
            | (long) header.slot() << 32
            | (tombstone ? (long) FLAG_TOMBSTONE << 48 : 0);
    entries[at + 4] = header.expiresAtMs();
    entries[at + 5] = header.token().epoch();
    entries[at + 6] = header.token().sequence();
    entries[at + 7] = header.mode();
    return count++;
  }

  /** Takes a record whose write failed out of the footer. */
  void markFailed(int number) {
    entries[number * LONGS + 3] |= (long) FLAG_FAILED << 48;
  }

  int count() {
    return count;
  }

  long fingerprint(int i) {
    return entries[i * LONGS];
  }

  long lsn(int i) {
    return entries[i * LONGS + 1];
  }

  int offsetUnits(int i) {
    return (int) entries[i * LONGS + 2];
  }

  int lengthUnits(int i) {
    return (int) (entries[i * LONGS + 2] >>> 32);
  }

  int valueLength(int i) {
    return (int) entries[i * LONGS + 3];
  }

  int slot(int i) {
    return (int) (entries[i * LONGS + 3] >>> 32) & 0xffff;
  }

  boolean isTombstone(int i) {
    return (entries[i * LONGS + 3] >>> 48 & FLAG_TOMBSTONE) != 0;
  }

  boolean isFailed(int i) {
    return (entries[i * LONGS + 3] >>> 48 & FLAG_FAILED) != 0;
  }

  long expiresAtMs(int i) {
    return entries[i * LONGS + 4];
  }

  /** The first LSN of a tombstone, the token's epoch of a value. */
  long first(int i) {
    return entries[i * LONGS + 5];
  }

  /** The second LSN of a tombstone, the token's sequence of a value. */
  long second(int i) {
    return entries[i * LONGS + 6];
  }

  int mode(int i) {
    return (int) entries[i * LONGS + 7] & 0xffff;
  }

  /** The lowest LSN, or {@link Long#MAX_VALUE} if there is no record. */
  long lowestLsn() {
    long lowest = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      if (!isFailed(i)) {
        lowest = Math.min(lowest, lsn(i));
      }
    }
    return lowest;
  }

  /** The highest LSN, or 0 if there is no record. */
  long highestLsn() {
    long highest = 0;
    for (int i = 0; i < count; i++) {
      highest = Math.max(highest, lsn(i));
    }
    return highest;
  }

  /** A copy without the failed records, as it is written. */
  SegmentFooter written() {
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
  void encode(ByteBuffer target, int segment, int generation, Nonce nonce) {
    int blocks = bytes(count) / Geometry.BLOCK_BYTES;
    for (int block = 0; block < blocks; block++) {
      ByteBuffer b =
          target
              .slice(block * Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES)
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < Geometry.BLOCK_BYTES; i += 8) {
        b.putLong(i, 0);
      }
      int first = block * ENTRIES_PER_BLOCK;
      int here = Math.min(ENTRIES_PER_BLOCK, count - first);
      b.putInt(0, MAGIC).putInt(8, block).putInt(12, blocks).putInt(16, here);
      b.putInt(24, segment).putInt(28, generation);
      b.putLong(32, nonce.high()).putLong(40, nonce.low());
      for (int i = 0; i < here * LONGS; i++) {
        b.putLong(BLOCK_HEADER_BYTES + 8 * i, entries[first * LONGS + i]);
      }
      b.putInt(4, Checksum.of(b, 8, Geometry.BLOCK_BYTES));
    }
  }

  /** How many blocks the footer has whose last block this is; 0 if it is none of that writing. */
  static int blocks(ByteBuffer last, int segment, int generation, Nonce nonce) {
    ByteBuffer b = last.slice(0, Geometry.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int blocks = b.getInt(12);
    return isBlock(b, blocks - 1, blocks, segment, generation, nonce) ? blocks : 0;
  }

  /** Reads a whole footer; null if any block of it is not of that writing of that segment. */
  static @Nullable SegmentFooter decode(
      ByteBuffer source, int segment, int generation, Nonce nonce) {
    int blocks = source.capacity() / Geometry.BLOCK_BYTES;
    SegmentFooter footer = new SegmentFooter();
    footer.entries = new long[blocks * ENTRIES_PER_BLOCK * LONGS];
    for (int block = 0; block < blocks; block++) {
      ByteBuffer b =
          source
              .slice(block * Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES)
              .order(ByteOrder.LITTLE_ENDIAN);
      if (!isBlock(b, block, blocks, segment, generation, nonce)) {
        return null;
      }
      int here = b.getInt(16);
      b.position(BLOCK_HEADER_BYTES);
      LongBuffer _ = b.asLongBuffer().get(footer.entries, footer.count * LONGS, here * LONGS);
      footer.count += here;
    }
    return footer;
  }

  private static boolean isBlock(
      ByteBuffer b, int number, int blocks, int segment, int generation, Nonce nonce) {
    return b.getInt(0) == MAGIC
        && b.getInt(4) == Checksum.of(b, 8, Geometry.BLOCK_BYTES)
        && b.getInt(8) == number
        && number >= 0
        && b.getInt(12) == blocks
        && b.getInt(24) == segment
        && isOfWriting(b, generation, nonce)
        && b.getInt(16) >= 0
        && b.getInt(16) <= ENTRIES_PER_BLOCK;
  }

  private static boolean isOfWriting(ByteBuffer b, int generation, Nonce nonce) {
    Nonce found = new Nonce(b.getLong(32), b.getLong(40));
    return Nonce.isSameWriting(b.getInt(28), found, generation, nonce);
  }
}
