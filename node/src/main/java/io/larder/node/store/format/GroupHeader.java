package io.larder.node.store.format;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The start of a group commit: small records written together, the whole padded to 4 KiB. It lists
 * where they are, so that nothing inside a value is taken for a record.
 *
 * <pre>
 *   0  magic "LGRP"                4     24  segment nonce         16
 *   4  CRC32C of 8…header length   4     40  records: count         4
 *   8  segment                     4     44  reserved              20
 *  12  generation                  4     64  record: offset in the group, 64 B   2 ┐ count
 *  16  own offset, 64 B            4         record: length, 64 B                2 ┘ times
 *  20  group length, 64 B          4         zeros to a multiple of 64
 * </pre>
 *
 * @param places the records: offset in the group {@code << 16 |} length, both in 64 B
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record GroupHeader(
    int segment, int generation, Nonce nonce, int offsetUnits, int lengthUnits, int[] places) {
  public static final int MAX_GROUP_BYTES = 1 << 20;

  private static final int MAGIC = 0x5052474c;
  private static final int MAX_RECORDS = MAX_GROUP_BYTES / RecordHeader.FIXED_BYTES;

  private static final int MAGIC_AT = 0;
  private static final int CRC_AT = 4;
  private static final int CRC_FROM = 8;
  private static final int SEGMENT_AT = 8;
  private static final int GENERATION_AT = 12;
  private static final int OFFSET_AT = 16;
  private static final int LENGTH_AT = 20;
  private static final int NONCE_AT = 24;
  private static final int COUNT_AT = 40;
  private static final int PLACES_AT = 64;

  /** The header's length for so many records. */
  public static int headerBytes(int records) {
    return (PLACES_AT + 4 * records + Location.UNIT_BYTES - 1) & -Location.UNIT_BYTES;
  }

  public static int place(int offsetUnits, int lengthUnits) {
    return offsetUnits << 16 | lengthUnits;
  }

  public static int placeOffset(int place) {
    return place >>> 16;
  }

  public static int placeLength(int place) {
    return place & 0xffff;
  }

  /** Whether the group was written in that writing of its segment. */
  public boolean isOf(int expectedGeneration, Nonce expectedNonce) {
    return Nonce.isSameWriting(generation, nonce, expectedGeneration, expectedNonce);
  }

  /** Writes the header at the beginning of its group. */
  public void encode(ByteBuffer target) {
    int bytes = headerBytes(places.length);
    ByteBuffer b = Fields.zeroed(target, 0, bytes);
    b.putInt(MAGIC_AT, MAGIC).putInt(SEGMENT_AT, segment).putInt(GENERATION_AT, generation);
    b.putInt(OFFSET_AT, offsetUnits).putInt(LENGTH_AT, lengthUnits);
    Fields.put(b, NONCE_AT, nonce);
    b.putInt(COUNT_AT, places.length);
    for (int i = 0; i < places.length; i++) {
      b.putInt(PLACES_AT + 4 * i, places[i]);
    }
    b.putInt(CRC_AT, Checksum.of(b, CRC_FROM, bytes));
  }

  /** The bytes of the group that starts here, so that it can be read whole; 0 if none does. */
  public static int peekLength(ByteBuffer source, int at) {
    ByteBuffer b = Fields.of(source, at, PLACES_AT);
    long bytes = b.getInt(LENGTH_AT) * (long) Location.UNIT_BYTES;
    boolean possible =
        b.getInt(MAGIC_AT) == MAGIC
            && bytes > 0
            && bytes <= MAX_GROUP_BYTES
            && bytes % Geometry.BLOCK_BYTES == 0;
    return possible ? (int) bytes : 0;
  }

  /** Reads a header whose group lies whole in the source; null if it is not a valid one. */
  public static @Nullable GroupHeader decode(ByteBuffer source, int at) {
    int length = peekLength(source, at);
    if (length == 0 || length > source.capacity() - at) {
      return null;
    }
    ByteBuffer b = Fields.of(source, at, length);
    int count = b.getInt(COUNT_AT);
    if (count < 0 || count > MAX_RECORDS || headerBytes(count) > length) {
      return null;
    }
    if (b.getInt(CRC_AT) != Checksum.of(b, CRC_FROM, headerBytes(count))) {
      return null;
    }
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = b.getInt(PLACES_AT + 4 * i);
    }
    return new GroupHeader(
        b.getInt(SEGMENT_AT),
        b.getInt(GENERATION_AT),
        Fields.nonce(b, NONCE_AT),
        b.getInt(OFFSET_AT),
        b.getInt(LENGTH_AT),
        places);
  }
}
