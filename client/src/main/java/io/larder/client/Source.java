package io.larder.client;

/** Where a block's bytes came from. */
public enum Source {
  /** The memory of the node that answered. */
  HOT,
  /** The device of the node that answered. */
  DEVICE,
  /** Another node, through the one that answered. */
  PEER,
  /** This process has just computed it. */
  COMPUTED
}
