package io.larder.node.store.format;

/**
 * Packs the place of a record into one long.
 *
 * <pre>
 * location  | segment 20 bits | offset in 64 B 22 bits | length in 64 B 22 bits |   in the index
 * stamp     | generation 22   | segment 20             | offset in 64 B 22      |   for the world
 * </pre>
 *
 * A segment has at most 256 MiB, so 22 bits of 64-byte units suffice. Neither is ever 0.
 */
public final class Location {
  /** Records lie at multiples of this. */
  public static final int UNIT_BYTES = 64;

  public static final int MAX_SEGMENTS = 1 << 20;
  public static final int MAX_GENERATION = (1 << 22) - 1;
  private static final int MASK_22 = (1 << 22) - 1;
  private static final int MASK_20 = (1 << 20) - 1;

  private Location() {}

  public static long pack(int segment, int offsetUnits, int lengthUnits) {
    return (long) segment << 44 | (long) offsetUnits << 22 | lengthUnits;
  }

  public static int segment(long location) {
    return (int) (location >>> 44);
  }

  public static int offsetUnits(long location) {
    return (int) (location >>> 22) & MASK_22;
  }

  public static int lengthUnits(long location) {
    return (int) location & MASK_22;
  }

  public static int lengthBytes(long location) {
    return lengthUnits(location) * UNIT_BYTES;
  }

  public static long stamp(int generation, int segment, int offsetUnits) {
    return (long) generation << 42 | (long) segment << 22 | offsetUnits;
  }

  public static int stampSegment(long stamp) {
    return (int) (stamp >>> 22) & MASK_20;
  }

  /** Bytes as units, rounded up. */
  public static int units(long bytes) {
    return (int) ((bytes + UNIT_BYTES - 1) / UNIT_BYTES);
  }
}
