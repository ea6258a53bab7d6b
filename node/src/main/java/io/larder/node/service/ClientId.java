package io.larder.node.service;

/**
 * A connection to this node.
 *
 * @param number not reused while the process lives; the answer of CLIENT ID
 */
public record ClientId(long number) {}
