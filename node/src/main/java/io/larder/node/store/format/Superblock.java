package io.larder.node.store.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * Identity and geometry of the device. There are two copies, one near each end; the valid copy of
 * the highest mount sequence opens.
 *
 * <pre>
 *   0  magic "LRDRSUPR"            8     64  segment bytes          4
 *   8  CRC32C of 12…4095           4     68  segment count          4
 *  12  format major                2     72  checkpoint side bytes  4
 *  14  format minor                2     76  largest value, bytes   4
 *  16  incompatible flags          8     80  formatted at, ms       8
 *  24  device UUID                16     88  mount sequence         8
 *  40  reserved                   16     96  mount nonce           16
 *  56  device size, bytes          8    112  cluster: length 2, UTF-8
 *                                       640  node id: length 2, UTF-8   …   4096
 * </pre>
 *
 * Little-endian, as everything on the device.
 */
public record Superblock(
    UUID deviceUuid,
    String cluster,
    String nodeId,
    Geometry geometry,
    long formattedAtMs,
    long mountSequence,
    Nonce mountNonce) {
  public static final int BYTES = Geometry.BLOCK_BYTES;
  public static final int MAJOR = 1;
  public static final int MINOR = 0;

  /** The low bits of every LSN are a counter; the mount sequence is above them. */
  public static final int LSN_COUNTER_BITS = 44;

  /** The mount sequence is the high 20 bits of every LSN, the sign left out. */
  public static final long MAX_MOUNT_SEQUENCE = (1L << 19) - 1;

  public static final int MAX_NAME_BYTES = 255;
  public static final long OFFSET_A = 64 << 10;

  /** The flags this version understands: none yet. */
  private static final long KNOWN_FLAGS = 0;

  private static final long MAGIC = 0x525055535244524cL; // "LRDRSUPR" in little-endian

  private static final int MAGIC_AT = 0;
  private static final int CRC_AT = 8;
  private static final int CRC_FROM = 12;
  private static final int MAJOR_AT = 12;
  private static final int MINOR_AT = 14;
  private static final int FLAGS_AT = 16;
  private static final int DEVICE_UUID_AT = 24;
  private static final int SIZE_AT = 56;
  private static final int SEGMENT_BYTES_AT = 64;
  private static final int SEGMENT_COUNT_AT = 68;
  private static final int SIDE_BYTES_AT = 72;
  private static final int MAX_VALUE_AT = 76;
  private static final int FORMATTED_AT = 80;
  private static final int MOUNT_SEQUENCE_AT = 88;
  private static final int MOUNT_NONCE_AT = 96;
  private static final int CLUSTER_AT = 112;
  private static final int NODE_ID_AT = 640;

  /** The outcome of decoding a block where a superblock should be. */
  public sealed interface Outcome {
    /** A whole superblock. */
    record Whole(Superblock superblock) implements Outcome {}

    /** Anything but a whole superblock. */
    record Absent() implements Outcome {}

    /** A whole superblock of a format that this version does not understand. */
    record UnknownFormat(int major, int minor, long unknownFlags) implements Outcome {}
  }

  /** The offset of copy B on a device of that size. */
  public static long offsetB(long sizeBytes) {
    return sizeBytes - (64 << 10);
  }

  /** This superblock as the next mount writes it. */
  public Superblock mounted(long sequence) {
    return new Superblock(
        deviceUuid, cluster, nodeId, geometry, formattedAtMs, sequence, Nonce.random());
  }

  /** Writes the whole block. */
  public void encode(ByteBuffer target) {
    ByteBuffer block = Fields.zeroed(target, 0, BYTES);
    block.putLong(MAGIC_AT, MAGIC).putLong(FLAGS_AT, KNOWN_FLAGS);
    block.putShort(MAJOR_AT, (short) MAJOR).putShort(MINOR_AT, (short) MINOR);
    Fields.put(block, DEVICE_UUID_AT, deviceUuid);
    block.putLong(SIZE_AT, geometry.sizeBytes());
    block.putInt(SEGMENT_BYTES_AT, geometry.segmentBytes());
    block.putInt(SEGMENT_COUNT_AT, geometry.segmentCount());
    block.putInt(SIDE_BYTES_AT, geometry.sideBytes());
    block.putInt(MAX_VALUE_AT, geometry.maxValueBytes());
    block.putLong(FORMATTED_AT, formattedAtMs).putLong(MOUNT_SEQUENCE_AT, mountSequence);
    Fields.put(block, MOUNT_NONCE_AT, mountNonce);
    putText(block, CLUSTER_AT, cluster);
    putText(block, NODE_ID_AT, nodeId);
    block.putInt(CRC_AT, Checksum.of(block, CRC_FROM, BYTES));
  }

  /** Whether the block starts like a superblock, valid or not. */
  public static boolean looksLike(ByteBuffer source) {
    return Fields.of(source, 0, BYTES).getLong(MAGIC_AT) == MAGIC;
  }

  /** Reads a copy. */
  public static Outcome decode(ByteBuffer source) {
    ByteBuffer block = Fields.of(source, 0, BYTES);
    if (!looksLike(source) || block.getInt(CRC_AT) != Checksum.of(block, CRC_FROM, BYTES)) {
      return new Outcome.Absent();
    }
    int major = block.getShort(MAJOR_AT);
    long unknown = block.getLong(FLAGS_AT) & ~KNOWN_FLAGS;
    if (!isUnderstood(major, unknown)) {
      return new Outcome.UnknownFormat(major, block.getShort(MINOR_AT), unknown);
    }
    try {
      return new Outcome.Whole(
          new Superblock(
              new UUID(block.getLong(DEVICE_UUID_AT), block.getLong(DEVICE_UUID_AT + Long.BYTES)),
              text(block, CLUSTER_AT),
              text(block, NODE_ID_AT),
              recordedGeometry(block),
              block.getLong(FORMATTED_AT),
              block.getLong(MOUNT_SEQUENCE_AT),
              Fields.nonce(block, MOUNT_NONCE_AT)));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return new Outcome.Absent(); // the checksum is right but the content is not ours
    }
  }

  private static boolean isUnderstood(int major, long unknownFlags) {
    return major == MAJOR && unknownFlags == 0;
  }

  /** The geometry of the device as it was formatted, whatever would be chosen today. */
  private static Geometry recordedGeometry(ByteBuffer block) {
    return new Geometry(
        block.getLong(SIZE_AT),
        block.getInt(SEGMENT_BYTES_AT),
        block.getInt(SEGMENT_COUNT_AT),
        block.getInt(SIDE_BYTES_AT),
        block.getInt(MAX_VALUE_AT));
  }

  private static void putText(ByteBuffer block, int at, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    if (bytes.length > MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "'" + text + "' is longer than " + MAX_NAME_BYTES + " bytes");
    }
    block.putShort(at, (short) bytes.length).put(at + 2, bytes);
  }

  private static String text(ByteBuffer block, int at) {
    byte[] bytes = new byte[Math.min(MAX_NAME_BYTES, block.getShort(at) & 0xffff)];
    block.get(at + 2, bytes);
    return new String(bytes, UTF_8);
  }
}
