package io.larder.node.store.format;

import io.larder.protocol.Limits;

/**
 * Where everything lies on the device; fixed at format.
 *
 * <pre>
 * 0        64K       128K        128K+side     128K+2·side   segmentsStart (1 MiB aligned)
 * ┌────────┬─────────┬───────────┬─────────────┬──···──┬─────────┬─────────┬──···──┬────────┐
 * │ unused │ super-  │checkpoint │ checkpoint  │       │segment 0│segment 1│       │ super- │
 * │        │ block A │ left      │ right       │       │         │         │       │ block B│
 * └────────┴─────────┴───────────┴─────────────┴──···──┴─────────┴─────────┴──···──┴────────┘
 *                                                                     size−64K ┘       size ┘
 * </pre>
 *
 * The first and last 64 KiB next to the ends stay unused, since partition tables are written there.
 *
 * @param sizeBytes what the device had at format, in whole blocks
 * @param segmentBytes the same for all segments: 4 to 256 MiB as {@link #choose} has it, less only
 *     where a test wants many small ones
 * @param segmentCount how many segments there are
 * @param sideBytes size of one side of the checkpoint
 * @param maxValueBytes the largest value: as configured at format, else what fits a segment
 */
public record Geometry(
    long sizeBytes, int segmentBytes, int segmentCount, int sideBytes, int maxValueBytes) {
  /** Everything lies in blocks of this size, as the device transfers them. */
  public static final int BLOCK_BYTES = 4096;

  public static final int EDGE_BYTES = 128 << 10;
  private static final int MIN_SEGMENT_BYTES = 4 << 20;
  private static final int MAX_SEGMENT_BYTES = 256 << 20;
  private static final int MIN_SEGMENTS = 8;
  private static final long SMALL_DEVICE_BYTES = 4L << 30;

  /** A block of the checkpoint's table holds as many. */
  static final int TABLE_ENTRIES_PER_BLOCK = 63;

  /** What a segment needs beside one value: its header, the record's header, its footer. */
  private static final int OVERHEAD_BYTES = 3 * BLOCK_BYTES;

  public Geometry {
    if (segmentBytes < 16 * BLOCK_BYTES
        || segmentBytes > MAX_SEGMENT_BYTES
        || segmentBytes % BLOCK_BYTES != 0
        || segmentCount < 1
        || segmentCount > Location.MAX_SEGMENTS
        || maxValueBytes < 1
        || maxValueBytes > largestValue(segmentBytes)
        || sideBytes != sideBytes(segmentCount)
        || segmentsStart(sideBytes) + (long) segmentBytes * segmentCount > sizeBytes - EDGE_BYTES) {
      throw new IllegalArgumentException(
          segmentCount
              + " segments of "
              + segmentBytes
              + " bytes do not fit a device of "
              + sizeBytes);
    }
  }

  /** A geometry whose largest value is what fits a segment. */
  public Geometry(long sizeBytes, int segmentBytes, int segmentCount, int sideBytes) {
    this(sizeBytes, segmentBytes, segmentCount, sideBytes, largestValue(segmentBytes));
  }

  /**
   * Chooses the geometry for a device: segments of 256 MiB; under 4 GiB twice the largest value, or
   * without one what makes about 16 segments.
   *
   * @param maxValueBytes the largest value to be stored, or 0 for no wish
   * @throws IllegalArgumentException if the device is too small; the message says what size is
   *     needed
   */
  public static Geometry choose(String name, long sizeBytes, long maxValueBytes) {
    if (maxValueBytes < 0 || maxValueBytes > Limits.MAX_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "--max-value " + maxValueBytes + ": the largest value is " + Limits.MAX_VALUE_BYTES);
    }
    long segment;
    if (sizeBytes >= SMALL_DEVICE_BYTES) {
      segment = MAX_SEGMENT_BYTES;
    } else if (maxValueBytes > 0) {
      segment = (2 * maxValueBytes + (1 << 20) - 1) & -(1 << 20);
    } else {
      segment = Long.highestOneBit(Math.max(1, sizeBytes / 16));
    }
    int segmentBytes = Math.clamp(segment, MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
    long size = sizeBytes & -(long) BLOCK_BYTES;
    long upper = Math.min(Location.MAX_SEGMENTS, size / segmentBytes);
    long room = size - EDGE_BYTES - segmentsStart(sideBytes((int) upper));
    int count = (int) Math.min(upper, Math.max(0, room) / segmentBytes);
    if (count < MIN_SEGMENTS) {
      long needed =
          segmentsStart(sideBytes(MIN_SEGMENTS)) + (long) MIN_SEGMENTS * segmentBytes + EDGE_BYTES;
      throw new IllegalArgumentException(
          name
              + ": "
              + sizeBytes
              + " bytes are too small for values of up to "
              + largestValue(segmentBytes)
              + " bytes; give it at least "
              + needed
              + " bytes ("
              + (needed + (1 << 20) - 1) / (1 << 20)
              + " MiB)"
              + (segmentBytes > MIN_SEGMENT_BYTES ? " or a smaller --max-value" : ""));
    }
    int largest = largestValue(segmentBytes);
    if (maxValueBytes > largest) {
      throw new IllegalArgumentException(
          "%s: its largest value would be %d bytes; give a --max-value of at most that"
              .formatted(name, largest));
    }
    return new Geometry(
        size,
        segmentBytes,
        count,
        sideBytes(count),
        maxValueBytes == 0 ? largest : (int) maxValueBytes);
  }

  public long segmentsStart() {
    return segmentsStart(sideBytes);
  }

  /** The device offset of a segment. */
  public long segmentOffset(int segment) {
    return segmentsStart() + (long) segment * segmentBytes;
  }

  /** The device offset of the record at a {@link Location}. */
  public long recordOffset(long location) {
    return segmentOffset(Location.segment(location))
        + (long) Location.offsetUnits(location) * Location.UNIT_BYTES;
  }

  /** The device offset of the checkpoint's left (0) or right (1) side. */
  public long sideOffset(int side) {
    return EDGE_BYTES + (long) side * sideBytes;
  }

  /** The size of one side of the checkpoint of so many segments, see {@link CheckpointTable}. */
  public static int sideBytes(int segments) {
    return BLOCK_BYTES * (1 + Math.ceilDiv(segments, TABLE_ENTRIES_PER_BLOCK));
  }

  private static int largestValue(int segmentBytes) {
    return Math.min(Limits.MAX_VALUE_BYTES, segmentBytes - OVERHEAD_BYTES);
  }

  private static long segmentsStart(int sideBytes) {
    return (EDGE_BYTES + 2L * sideBytes + (1 << 20) - 1) & -(1 << 20);
  }
}
