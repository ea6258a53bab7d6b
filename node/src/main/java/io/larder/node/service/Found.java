package io.larder.node.service;

import io.larder.node.block.Block;

/**
 * A hit.
 *
 * @param block its payload carries one reference, which the receiver releases
 * @param tier the tier it was read from
 */
public record Found(Block block, Tier tier) {
  /** Where a block was read from. */
  public enum Tier {
    /** This node's memory. */
    HOT,
    /** This node's device. */
    DEVICE,
    /** Another node. */
    PEER
  }
}
