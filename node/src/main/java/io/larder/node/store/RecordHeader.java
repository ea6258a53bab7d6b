package io.larder.node.store;

import io.larder.protocol.Limits;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The start of every record. The value follows: of a large record after one 4 KiB block, of a small
 * one right after the checksums.
 *
 * <pre>
 *   0  magic "LREC"                4     56  put token: sequence    8   (tombstone: second LSN)
 *   4  CRC32C of 8…header length   4     64  expires at, ms         8
 *   8  version 1, kind 1           2     72  segment                4
 *  10  mode of a tombstone         2     76  generation             4
 *  12  header length               4     80  own offset, 64 B       4
 *  16  key length                  2     84  extent length, 64 B    4
 *  18  metadata length             2     88  segment nonce         16
 *  20  slot                        2    104  reserved              24
 *  22  reserved                    2    128  key
 *  24  value length                4         metadata
 *  28  checksums: count            4         CRC32C of each MiB of the value, 4 each
 *  32  fingerprint                 8         (large: zeros to 4096)
 *  40  LSN                         8         value
 *  48  put token: epoch            8   (tombstone: first LSN)
 * </pre>
 *
 * Generation, nonce and own offset must be those of the place it was read from; a record copied by
 * reclaim gets new ones but keeps its LSN. A tombstone has neither key nor value: it says which
 * LSNs of its fingerprint are dead, see {@link Tombstone}.
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record RecordHeader(
    Kind kind,
    int mode,
    int slot,
    long fingerprint,
    long lsn,
    PutToken token,
    long expiresAtMs,
    Place place,
    byte[] key,
    byte[] metadata,
    int valueLength,
    int[] crcs) {

  /** What a record is. */
  enum Kind {
    /** A value with a 4 KiB header block of its own. */
    LARGE(0),
    /** A value inside a group. */
    SMALL(1),
    /** A deletion inside a group. */
    TOMBSTONE(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static @Nullable Kind of(int code) {
      return switch (code) {
        case 0 -> LARGE;
        case 1 -> SMALL;
        case 2 -> TOMBSTONE;
        default -> null;
      };
    }
  }

  /** Where a record was written, which it states itself. */
  record Place(int segment, int generation, Nonce nonce, int offsetUnits, int lengthUnits) {}

  static final int FIXED_BYTES = 128;

  /** Values from this length have a header block of their own. */
  static final int LARGE_VALUE_BYTES = 64 << 10;

  static final int LARGE_HEADER_BYTES = Geometry.BLOCK_BYTES;
  private static final int MAGIC = 0x4345524c;
  private static final int VERSION = 1;

  /** The length of what precedes the value. */
  static int headerBytes(Kind kind, int keyLength, int metadataLength, int valueLength) {
    return kind == Kind.LARGE
        ? LARGE_HEADER_BYTES
        : FIXED_BYTES + keyLength + metadataLength + 4 * Limits.chunks(valueLength);
  }

  /** The bytes a record occupies, alignment included. */
  static long extentBytes(Kind kind, int keyLength, int metadataLength, int valueLength) {
    long bytes = (long) headerBytes(kind, keyLength, metadataLength, valueLength) + valueLength;
    int alignment = kind == Kind.LARGE ? Geometry.BLOCK_BYTES : Location.UNIT_BYTES;
    return (bytes + alignment - 1) & -(long) alignment;
  }

  int headerBytes() {
    return headerBytes(kind, key.length, metadata.length, valueLength);
  }

  /** Writes the header at {@code at}; of a large record the whole block. */
  void encode(ByteBuffer target, int at) {
    int headerBytes = headerBytes();
    ByteBuffer b = target.slice(at, headerBytes).order(ByteOrder.LITTLE_ENDIAN);
    b.putShort(22, (short) 0).putLong(104, 0).putLong(112, 0).putLong(120, 0); // reserved
    b.putInt(0, MAGIC).put(8, (byte) VERSION).put(9, (byte) kind.code);
    b.putShort(10, (short) mode).putInt(12, headerBytes);
    b.putShort(16, (short) key.length).putShort(18, (short) metadata.length);
    b.putShort(20, (short) slot).putInt(24, valueLength).putInt(28, crcs.length);
    b.putLong(32, fingerprint).putLong(40, lsn);
    b.putLong(48, token.epoch()).putLong(56, token.sequence()).putLong(64, expiresAtMs);
    b.putInt(72, place.segment).putInt(76, place.generation);
    b.putInt(80, place.offsetUnits).putInt(84, place.lengthUnits);
    b.putLong(88, place.nonce.high()).putLong(96, place.nonce.low());
    b.position(FIXED_BYTES);
    b.put(key).put(metadata);
    for (int crc : crcs) {
      b.putInt(crc);
    }
    while (b.remaining() >= Long.BYTES) {
      b.putLong(0);
    }
    while (b.hasRemaining()) {
      b.put((byte) 0);
    }
    b.putInt(4, Checksum.of(b, 8, headerBytes));
  }

  /** Reads the header at {@code at}; null if there is no whole one. Its place is not checked. */
  static @Nullable RecordHeader decode(ByteBuffer source, int at) {
    int room = source.capacity() - at;
    if (room < FIXED_BYTES) {
      return null;
    }
    ByteBuffer b = source.slice(at, room).order(ByteOrder.LITTLE_ENDIAN);
    Kind kind = Kind.of(b.get(9));
    if (b.getInt(0) != MAGIC || b.get(8) != VERSION || kind == null) {
      return null;
    }
    int headerBytes = b.getInt(12);
    int keyLength = b.getShort(16) & 0xffff;
    int metadataLength = b.getShort(18) & 0xffff;
    int valueLength = b.getInt(24);
    if (valueLength < 0
        || valueLength > Limits.MAX_VALUE_BYTES
        || keyLength > Limits.MAX_KEY_BYTES
        || metadataLength > Limits.MAX_METADATA_BYTES
        || b.getInt(28) != Limits.chunks(valueLength)
        || headerBytes != headerBytes(kind, keyLength, metadataLength, valueLength)
        || headerBytes > room
        || b.getInt(4) != Checksum.of(b, 8, headerBytes)) {
      return null;
    }
    Place place =
        new Place(
            b.getInt(72),
            b.getInt(76),
            new Nonce(b.getLong(88), b.getLong(96)),
            b.getInt(80),
            b.getInt(84));
    byte[] key = new byte[keyLength];
    byte[] metadata = new byte[metadataLength];
    int[] crcs = new int[Limits.chunks(valueLength)];
    b.position(FIXED_BYTES);
    b.get(key).get(metadata);
    for (int i = 0; i < crcs.length; i++) {
      crcs[i] = b.getInt();
    }
    return new RecordHeader(
        kind,
        b.getShort(10),
        b.getShort(20) & 0xffff,
        b.getLong(32),
        b.getLong(40),
        new PutToken(b.getLong(48), b.getLong(56)),
        b.getLong(64),
        place,
        key,
        metadata,
        valueLength,
        crcs);
  }
}
