package io.larder.node.store;

import java.nio.file.Path;

/**
 * Options for formatting a device.
 *
 * @param path a block device or a file
 * @param fileSizeBytes the size of the sparse file to create if nothing exists at the path; 0 to
 *     create none
 * @param cluster the cluster's name, 1 to 255 bytes
 * @param nodeId the node's identity, 1 to 255 bytes
 * @param maxValueBytes the largest value; decides the segment size under 4 GiB; 0 for the default
 * @param force whether the content of the device may be overwritten
 */
public record FormatOptions(
    Path path,
    long fileSizeBytes,
    String cluster,
    String nodeId,
    long maxValueBytes,
    boolean force) {}
