package io.larder.coordinator.config;

import java.util.Locale;

/** Byte counts as people write them: {@code 4096, 4KiB, 64MiB, 10GiB, 2TiB}. */
public final class ByteSize {
  private static final String UNITS = "KMGT";

  private ByteSize() {}

  /**
   * The number of bytes.
   *
   * @throws NumberFormatException if it is no such text or over 2^63
   */
  public static long parse(String text) {
    String trimmed = text.strip();
    int shift = 0;
    if (trimmed.endsWith("iB") && trimmed.length() > 3) {
      int unit = UNITS.indexOf(trimmed.charAt(trimmed.length() - 3));
      if (unit < 0) {
        throw new NumberFormatException("'" + text + "' has no unit of KiB, MiB, GiB or TiB");
      }
      shift = 10 * (unit + 1);
      trimmed = trimmed.substring(0, trimmed.length() - 3).strip();
    }
    long count = Long.parseLong(trimmed);
    if (Math.abs(count) > Long.MAX_VALUE >> shift) {
      throw new NumberFormatException("'" + text + "' is too large");
    }
    return count << shift;
  }

  /** A count for people, with one decimal: {@code 7.3 TiB}. */
  public static String show(long bytes) {
    int shift = 0;
    while (shift < 40 && bytes >> shift >= 1024) {
      shift += 10;
    }
    return shift == 0
        ? bytes + " B"
        : String.format(
            Locale.ROOT, "%.1f %ciB", bytes / (double) (1L << shift), UNITS.charAt(shift / 10 - 1));
  }
}
