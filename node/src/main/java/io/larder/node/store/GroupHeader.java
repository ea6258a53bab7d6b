package io.larder.node.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
record GroupHeader(
    int segment, int generation, Nonce nonce, int offsetUnits, int lengthUnits, int[] places) {
  static final int MAX_GROUP_BYTES = 1 << 20;
  private static final int FIXED_BYTES = 64;
  private static final int MAGIC = 0x5052474c;
  private static final int MAX_RECORDS = MAX_GROUP_BYTES / RecordHeader.FIXED_BYTES;

  /** The header's length for so many records. */
  static int headerBytes(int records) {
    return (FIXED_BYTES + 4 * records + Location.UNIT_BYTES - 1) & -Location.UNIT_BYTES;
  }

  static int place(int offsetUnits, int lengthUnits) {
    return offsetUnits << 16 | lengthUnits;
  }

  static int placeOffset(int place) {
    return place >>> 16;
  }

  static int placeLength(int place) {
    return place & 0xffff;
  }

  void encode(ByteBuffer target) {
    int bytes = headerBytes(places.length);
    ByteBuffer b = target.slice(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < bytes; i += 8) {
      b.putLong(i, 0);
    }
    b.putInt(0, MAGIC).putInt(8, segment).putInt(12, generation);
    b.putInt(16, offsetUnits).putInt(20, lengthUnits);
    b.putLong(24, nonce.high()).putLong(32, nonce.low()).putInt(40, places.length);
    for (int i = 0; i < places.length; i++) {
      b.putInt(FIXED_BYTES + 4 * i, places[i]);
    }
    b.putInt(4, Checksum.of(b, 8, bytes));
  }

  /** How many bytes a group that starts here has, so that it can be read whole; 0 if none does. */
  static int peekLength(ByteBuffer source, int at) {
    ByteBuffer b = source.slice(at, FIXED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long bytes = b.getInt(20) * (long) Location.UNIT_BYTES;
    boolean possible =
        b.getInt(0) == MAGIC
            && bytes > 0
            && bytes <= MAX_GROUP_BYTES
            && bytes % Geometry.BLOCK_BYTES == 0;
    return possible ? (int) bytes : 0;
  }

  /** Reads a header whose group lies whole in the source; null if it is not a valid one. */
  static @Nullable GroupHeader decode(ByteBuffer source, int at) {
    int length = peekLength(source, at);
    if (length == 0 || length > source.capacity() - at) {
      return null;
    }
    ByteBuffer b = source.slice(at, length).order(ByteOrder.LITTLE_ENDIAN);
    int count = b.getInt(40);
    if (count < 0 || count > MAX_RECORDS || headerBytes(count) > length) {
      return null;
    }
    if (b.getInt(4) != Checksum.of(b, 8, headerBytes(count))) {
      return null;
    }
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = b.getInt(FIXED_BYTES + 4 * i);
    }
    return new GroupHeader(
        b.getInt(8),
        b.getInt(12),
        new Nonce(b.getLong(24), b.getLong(32)),
        b.getInt(16),
        b.getInt(20),
        places);
  }
}
