package io.larder.node.store;

import java.util.Map;

/**
 * The cost and the findings of a recovery.
 *
 * @param durationMs duration
 * @param bytesRead from the device, during all of the opening
 * @param bytesNeeded the least that recovery has to read: the segments' headers, the footers, and
 *     whole segments that have none
 * @param recordsFromFooters listed by sealed segments
 * @param recordsFromScans found in segments without a footer
 * @param records keys that have a value now
 * @param segmentsScanned segments without a footer
 * @param checkpointSequence of the side of the checkpoint that was used, 0 if both were bad
 * @param rejected structures that were not believed, counted by reason
 */
public record RecoveryReport(
    long durationMs,
    long bytesRead,
    long bytesNeeded,
    long recordsFromFooters,
    long recordsFromScans,
    long records,
    int segmentsScanned,
    long checkpointSequence,
    Map<String, Long> rejected) {

  /** Whether a side of the checkpoint was whole. */
  public boolean checkpointUsed() {
    return checkpointSequence > 0;
  }
}
