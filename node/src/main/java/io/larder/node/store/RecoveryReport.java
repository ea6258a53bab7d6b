package io.larder.node.store;

import java.util.Map;

/**
 * What opening the store took and found.
 *
 * @param durationMs how long it took
 * @param bytesRead from the device, superblocks and checkpoint left out
 * @param recordsFromFooters listed by sealed segments
 * @param recordsFromScans found in segments without a footer
 * @param records keys that have a value now
 * @param segmentsScanned segments without a footer
 * @param checkpointUsed false if both sides of the checkpoint were bad
 * @param rejected what was not believed, counted by reason
 */
public record RecoveryReport(
    long durationMs,
    long bytesRead,
    long recordsFromFooters,
    long recordsFromScans,
    long records,
    int segmentsScanned,
    boolean checkpointUsed,
    Map<String, Long> rejected) {}
