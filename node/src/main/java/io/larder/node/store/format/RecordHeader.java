package io.larder.node.store.format;

import io.larder.protocol.Limits;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
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
public record RecordHeader(
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

  /** The kind of a record. */
  public enum Kind {
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

  /** The place at which a record was written, which it states itself. */
  public record Place(int segment, int generation, Nonce nonce, int offsetUnits, int lengthUnits) {
    /** Whether this is the place, in the present writing of its segment, that was read. */
    public boolean is(int segment, int generation, Nonce nonce, int offsetUnits, long lengthUnits) {
      return this.segment == segment
          && Nonce.isSameWriting(this.generation, this.nonce, generation, nonce)
          && this.offsetUnits == offsetUnits
          && this.lengthUnits == lengthUnits;
    }
  }

  /** Values from this length have a header block of their own. */
  public static final int LARGE_VALUE_BYTES = 64 << 10;

  public static final int LARGE_HEADER_BYTES = Geometry.BLOCK_BYTES;

  /** From this extent on a record has a header block of its own; all small ones are shorter. */
  public static final int LARGE_EXTENT_BYTES = LARGE_HEADER_BYTES + LARGE_VALUE_BYTES;

  private static final int MAGIC = 0x4345524c;
  private static final int VERSION = 1;

  private static final int MAGIC_AT = 0;
  private static final int CRC_AT = 4;
  private static final int CRC_FROM = 8;
  private static final int VERSION_AT = 8;
  private static final int KIND_AT = 9;
  private static final int MODE_AT = 10;
  private static final int HEADER_LENGTH_AT = 12;
  private static final int KEY_LENGTH_AT = 16;
  private static final int METADATA_LENGTH_AT = 18;
  private static final int SLOT_AT = 20;
  private static final int VALUE_LENGTH_AT = 24;
  private static final int CRC_COUNT_AT = 28;
  private static final int FINGERPRINT_AT = 32;
  private static final int LSN_AT = 40;
  private static final int TOKEN_EPOCH_AT = 48;
  private static final int TOKEN_SEQUENCE_AT = 56;
  private static final int EXPIRY_AT = 64;
  private static final int SEGMENT_AT = 72;
  private static final int GENERATION_AT = 76;
  private static final int OFFSET_AT = 80;
  private static final int EXTENT_LENGTH_AT = 84;
  private static final int NONCE_AT = 88;
  private static final int RESERVED_AT = 104;

  /** The key follows, then the metadata and the checksums. */
  static final int FIXED_BYTES = 128;

  /** The length of what precedes the value. */
  private static int headerBytes(Kind kind, int keyLength, int metadataLength, int valueLength) {
    return kind == Kind.LARGE
        ? LARGE_HEADER_BYTES
        : FIXED_BYTES + keyLength + metadataLength + 4 * Limits.chunks(valueLength);
  }

  /** The bytes a record occupies, alignment included. */
  public static long extentBytes(Kind kind, int keyLength, int metadataLength, int valueLength) {
    long bytes = (long) headerBytes(kind, keyLength, metadataLength, valueLength) + valueLength;
    int alignment = kind == Kind.LARGE ? Geometry.BLOCK_BYTES : Location.UNIT_BYTES;
    return (bytes + alignment - 1) & -(long) alignment;
  }

  public long extentBytes() {
    return extentBytes(kind, key.length, metadata.length, valueLength);
  }

  public int headerBytes() {
    return headerBytes(kind, key.length, metadata.length, valueLength);
  }

  /** Writes the header at {@code at}; of a large record the whole block. */
  public void encode(ByteBuffer target, int at) {
    int headerBytes = headerBytes();
    ByteBuffer b = Fields.of(target, at, headerBytes);
    b.putShort(SLOT_AT + 2, (short) 0);
    for (int i = RESERVED_AT; i < FIXED_BYTES; i += Long.BYTES) {
      b.putLong(i, 0);
    }
    b.putInt(MAGIC_AT, MAGIC).put(VERSION_AT, (byte) VERSION).put(KIND_AT, (byte) kind.code);
    b.putShort(MODE_AT, (short) mode).putInt(HEADER_LENGTH_AT, headerBytes);
    b.putShort(KEY_LENGTH_AT, (short) key.length);
    b.putShort(METADATA_LENGTH_AT, (short) metadata.length);
    b.putShort(SLOT_AT, (short) slot).putInt(VALUE_LENGTH_AT, valueLength);
    b.putInt(CRC_COUNT_AT, crcs.length);
    b.putLong(FINGERPRINT_AT, fingerprint).putLong(LSN_AT, lsn).putLong(EXPIRY_AT, expiresAtMs);
    b.putLong(TOKEN_EPOCH_AT, token.epoch()).putLong(TOKEN_SEQUENCE_AT, token.sequence());
    b.putInt(SEGMENT_AT, place.segment).putInt(GENERATION_AT, place.generation);
    b.putInt(OFFSET_AT, place.offsetUnits).putInt(EXTENT_LENGTH_AT, place.lengthUnits);
    Fields.put(b, NONCE_AT, place.nonce);
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
    b.putInt(CRC_AT, Checksum.of(b, CRC_FROM, headerBytes));
  }

  /** Reads the header at {@code at}; null if there is no whole one. Its place is not checked. */
  public static @Nullable RecordHeader decode(ByteBuffer source, int at) {
    int room = source.capacity() - at;
    if (room < FIXED_BYTES) {
      return null;
    }
    ByteBuffer b = Fields.of(source, at, room);
    Kind kind = Kind.of(b.get(KIND_AT));
    if (b.getInt(MAGIC_AT) != MAGIC || b.get(VERSION_AT) != VERSION || kind == null) {
      return null;
    }
    int headerBytes = b.getInt(HEADER_LENGTH_AT);
    int keyLength = b.getShort(KEY_LENGTH_AT) & 0xffff;
    int metadataLength = b.getShort(METADATA_LENGTH_AT) & 0xffff;
    int valueLength = b.getInt(VALUE_LENGTH_AT);
    if (valueLength < 0
        || valueLength > Limits.MAX_VALUE_BYTES
        || keyLength > Limits.MAX_KEY_BYTES
        || metadataLength > Limits.MAX_METADATA_BYTES
        || b.getInt(CRC_COUNT_AT) != Limits.chunks(valueLength)
        || headerBytes != headerBytes(kind, keyLength, metadataLength, valueLength)
        || headerBytes > room
        || b.getInt(CRC_AT) != Checksum.of(b, CRC_FROM, headerBytes)) {
      return null;
    }
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
        b.getShort(MODE_AT),
        b.getShort(SLOT_AT) & 0xffff,
        b.getLong(FINGERPRINT_AT),
        b.getLong(LSN_AT),
        new PutToken(b.getLong(TOKEN_EPOCH_AT), b.getLong(TOKEN_SEQUENCE_AT)),
        b.getLong(EXPIRY_AT),
        new Place(
            b.getInt(SEGMENT_AT),
            b.getInt(GENERATION_AT),
            Fields.nonce(b, NONCE_AT),
            b.getInt(OFFSET_AT),
            b.getInt(EXTENT_LENGTH_AT)),
        key,
        metadata,
        valueLength,
        crcs);
  }
}
