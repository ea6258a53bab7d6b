package io.larder.node.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Says what the device is. Two copies, one near each end; the valid one of the highest mount
 * sequence opens.
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
record Superblock(
    UUID deviceUuid,
    String cluster,
    String nodeId,
    Geometry geometry,
    long formattedAtMs,
    long mountSequence,
    Nonce mountNonce) {
  static final int BYTES = Geometry.BLOCK_BYTES;
  static final int MAJOR = 1;
  static final int MINOR = 0;

  /** The flags this version understands: none yet. */
  static final long KNOWN_FLAGS = 0;

  /** The mount sequence is the high 20 bits of every LSN, the sign left out. */
  static final long MAX_MOUNT_SEQUENCE = (1L << 19) - 1;

  static final int MAX_NAME_BYTES = 255;
  static final long OFFSET_A = 64 << 10;

  private static final long MAGIC = 0x525055535244524cL; // "LRDRSUPR" in little-endian
  private static final int CLUSTER_AT = 112;
  private static final int NODE_ID_AT = 640;

  /** Where copy B lies on a device of that size. */
  static long offsetB(long sizeBytes) {
    return sizeBytes - (64 << 10);
  }

  /** This superblock as the next mount writes it. */
  Superblock mounted(long sequence) {
    return new Superblock(
        deviceUuid, cluster, nodeId, geometry, formattedAtMs, sequence, Nonce.random());
  }

  void encode(ByteBuffer target) {
    ByteBuffer block = target.slice(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < BYTES; i += 8) {
      block.putLong(i, 0);
    }
    block.putLong(0, MAGIC);
    block.putShort(12, (short) MAJOR).putShort(14, (short) MINOR).putLong(16, KNOWN_FLAGS);
    block.putLong(24, deviceUuid.getMostSignificantBits());
    block.putLong(32, deviceUuid.getLeastSignificantBits());
    block.putLong(56, geometry.sizeBytes());
    block.putInt(64, geometry.segmentBytes()).putInt(68, geometry.segmentCount());
    block.putInt(72, geometry.sideBytes()).putInt(76, geometry.maxValueBytes());
    block.putLong(80, formattedAtMs).putLong(88, mountSequence);
    block.putLong(96, mountNonce.high()).putLong(104, mountNonce.low());
    putText(block, CLUSTER_AT, cluster);
    putText(block, NODE_ID_AT, nodeId);
    block.putInt(8, Checksum.of(block, 12, BYTES));
  }

  /** Whether the block starts like a superblock, valid or not. */
  static boolean looksLike(ByteBuffer source) {
    return source.slice(0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong(0) == MAGIC;
  }

  /**
   * Reads a copy; null if it is not a whole superblock.
   *
   * @throws StoreException if it is whole but of a format this version does not understand
   */
  static @Nullable Superblock decode(String name, ByteBuffer source) {
    ByteBuffer block = source.slice(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (block.getLong(0) != MAGIC || block.getInt(8) != Checksum.of(block, 12, BYTES)) {
      return null;
    }
    int major = block.getShort(12);
    long unknown = block.getLong(16) & ~KNOWN_FLAGS;
    if (!isUnderstood(major, unknown)) {
      throw new StoreException(
          name
              + ": format "
              + major
              + "."
              + block.getShort(14)
              + (unknown == 0 ? "" : " with unknown features " + Long.toHexString(unknown))
              + " is not understood by this version, which reads format "
              + MAJOR
              + "; use the version that wrote it, or format the device anew");
    }
    try {
      return new Superblock(
          new UUID(block.getLong(24), block.getLong(32)),
          text(block, CLUSTER_AT),
          text(block, NODE_ID_AT),
          recordedGeometry(block),
          block.getLong(80),
          block.getLong(88),
          new Nonce(block.getLong(96), block.getLong(104)));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return null; // the checksum is right but the content is not ours
    }
  }

  private static boolean isUnderstood(int major, long unknownFlags) {
    return major == MAJOR && unknownFlags == 0;
  }

  /** Whatever a format would choose today, what it chose then holds. */
  private static Geometry recordedGeometry(ByteBuffer block) {
    return new Geometry(
        block.getLong(56), block.getInt(64), block.getInt(68), block.getInt(72), block.getInt(76));
  }

  private static void putText(ByteBuffer block, int at, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    if (bytes.length > MAX_NAME_BYTES) {
      throw new StoreException("'" + text + "' is longer than " + MAX_NAME_BYTES + " bytes");
    }
    block.putShort(at, (short) bytes.length).put(at + 2, bytes);
  }

  private static String text(ByteBuffer block, int at) {
    byte[] bytes = new byte[Math.min(MAX_NAME_BYTES, block.getShort(at) & 0xffff)];
    block.get(at + 2, bytes);
    return new String(bytes, UTF_8);
  }
}
