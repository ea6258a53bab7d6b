package io.larder.node.store;

import java.util.List;
import java.util.Map;

/**
 * The result of reading and verifying everything on a device, by kind.
 *
 * @param path the device or file
 * @param durationMs duration of the verification
 * @param bytesRead from the device
 * @param records whole ones: {@code live}, {@code superseded} (replaced, deleted or a second copy),
 *     {@code tombstones}, {@code pins}
 * @param leftovers harmless traces of crashes and earlier writings: {@code incomplete} records of
 *     puts that were never acknowledged, {@code stale} ones, {@code unlisted} ones
 * @param damage structures that were written whole and do not verify; acknowledged records may be
 *     missing
 * @param places descriptions of the first damaged places
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
