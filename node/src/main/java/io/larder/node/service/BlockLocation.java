package io.larder.node.service;

/**
 * Where a key's value is.
 *
 * @param nodeId the holder
 * @param host its address
 * @param port its RESP port
 * @param stamp the record's place on its device
 */
public record BlockLocation(String nodeId, String host, int port, long stamp) {}
