package io.larder.node.store;

import java.util.UUID;

/**
 * The identity and capacity of a device, fixed when it is formatted.
 *
 * @param deviceUuid made at format
 * @param cluster the cluster it was formatted for
 * @param nodeId the node's identity, which follows the device
 * @param capacityBytes of all segments together
 * @param segmentBytes the unit of reclaim
 * @param segments number of segments
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
