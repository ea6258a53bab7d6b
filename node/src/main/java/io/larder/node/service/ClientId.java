package io.larder.node.service;

/**
 * A connection to this node.
 *
 * @param number never used again while the process lives; what CLIENT ID answers
 */
public record ClientId(long number) {}
