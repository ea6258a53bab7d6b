package io.larder.client;

/** The outcome of a put. */
public enum PutOutcome {
  /** The block is stored, durably as the node is configured. */
  STORED,
  /**
   * The key has a value already, which serves as well; nothing was written. After a lost connection
   * that value may be this very put's.
   */
  EXISTS,
  /** Another writer holds the lease: nothing was written, and its value will follow soon. */
  HELD
}
