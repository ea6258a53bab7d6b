package io.larder.node.store;

import java.util.UUID;

/**
 * Whose device it is and what it can hold; it does not change while the format lives.
 *
 * @param deviceUuid made at format
 * @param cluster the cluster it was formatted for
 * @param nodeId the node's identity, which follows the device
 * @param capacityBytes what its segments have together
 * @param segmentBytes the unit of reclaim
 * @param segments how many there are
 * @param maxValueBytes the largest value
 */
public record DeviceIdentity(
    UUID deviceUuid,
    String cluster,
    String nodeId,
    long capacityBytes,
    int segmentBytes,
    int segments,
    int maxValueBytes) {}
