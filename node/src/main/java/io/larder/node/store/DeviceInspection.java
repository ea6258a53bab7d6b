package io.larder.node.store;

import java.util.Map;
import java.util.Optional;

/**
 * What a look at a device, without changing it, shows.
 *
 * @param path what was looked at
 * @param sizeBytes its size
 * @param identity empty if it is not a Larder device
 * @param format {@code major.minor}, empty if it is not a Larder device
 * @param formattedAtMs wall clock
 * @param mountSequence how often it was opened
 * @param validSuperblocks 0 to 2
 * @param checkpointValid whether at least one side of the checkpoint is whole
 * @param checkpointSequence the newest side's, 0 if none
 * @param segmentsByState as of the newest checkpoint
 * @param content "larder", "empty" or "foreign": whether formatting needs force
 */
public record DeviceInspection(
    String path,
    long sizeBytes,
    Optional<DeviceIdentity> identity,
    String format,
    long formattedAtMs,
    long mountSequence,
    int validSuperblocks,
    boolean checkpointValid,
    long checkpointSequence,
    Map<String, Integer> segmentsByState,
    String content) {}
