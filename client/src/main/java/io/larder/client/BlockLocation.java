package io.larder.client;

/**
 * The place of a stored block.
 *
 * @param nodeId the holder
 * @param address the holder's {@code host:port}
 * @param stamp names the record on the holder's device, in hexadecimal
 */
public record BlockLocation(String nodeId, String address, String stamp) {}
