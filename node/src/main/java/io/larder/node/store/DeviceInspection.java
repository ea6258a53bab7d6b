package io.larder.node.store;

import java.util.Map;
import java.util.Optional;

/**
 * The result of inspecting a device, which is not changed.
 *
 * @param path the device or file
 * @param sizeBytes its size
 * @param identity empty if it is not a Larder device
 * @param format {@code major.minor}, empty if it is not a Larder device
 * @param formattedAtMs wall clock
 * @param mountSequence how often it was opened
 * @param validSuperblocks 0 to 2
 * @param leftCheckpoint sequence of the left side of the checkpoint, 0 if it is damaged
 * @param rightCheckpoint the same of the right side
 * @param segmentsByState as of the newest checkpoint
 * @param content "larder", "empty" or "foreign": whether formatting needs force
 * @param recovery the result of a trial recovery, if one was requested
 */
public record DeviceInspection(
    String path,
    long sizeBytes,
    Optional<DeviceIdentity> identity,
    String format,
    long formattedAtMs,
    long mountSequence,
    int validSuperblocks,
    long leftCheckpoint,
    long rightCheckpoint,
    Map<String, Integer> segmentsByState,
    String content,
    Optional<RecoveryReport> recovery) {

  /** The newest side's sequence, 0 if both are damaged. */
  public long checkpointSequence() {
    return Math.max(leftCheckpoint, rightCheckpoint);
  }
}
