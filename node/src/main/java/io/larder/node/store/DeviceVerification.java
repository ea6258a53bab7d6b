package io.larder.node.store;

import java.util.List;
import java.util.Map;

/**
 * What reading everything on a device found, by kind.
 *
 * @param path what was read
 * @param durationMs how long that took
 * @param bytesRead from the device
 * @param records whole ones: {@code live}, {@code superseded} (replaced, deleted or a second copy),
 *     {@code tombstones}, {@code pins}
 * @param leftovers what crashes and earlier writings leave, which is harmless: {@code incomplete}
 *     records of puts that were never acknowledged, {@code stale} ones, {@code unlisted} ones
 * @param damage what was written whole and is not any more; what was acknowledged may be missing
 * @param places the first of the damage, in words
 */
public record DeviceVerification(
    String path,
    long durationMs,
    long bytesRead,
    Map<String, Long> records,
    Map<String, Long> leftovers,
    Map<String, Long> damage,
    List<String> places) {

  /** Whether there is no damage. */
  public boolean isWhole() {
    return damage.isEmpty();
  }
}
