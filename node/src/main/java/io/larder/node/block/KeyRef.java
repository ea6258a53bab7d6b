package io.larder.node.block;

/**
 * A key by its slot and its fingerprint: the name of the key in directory and index and between
 * nodes, which do not need its bytes.
 *
 * @param slot Redis Cluster's slot, 0 to 16383
 * @param fingerprint the 64-bit keyed hash of the key; never 0
 */
public record KeyRef(int slot, long fingerprint) {}
