package io.larder.client;

/** What became of a put. */
public enum PutOutcome {
  /** The block is stored, durably as the node is configured. */
  STORED,
  /**
   * The key has a value already, and nothing was written; which is as good. After a connection was
   * lost in mid-put that value may be this very put's.
   */
  EXISTS,
  /** Another writer is at it: nothing was written, and the value will be there soon. */
  HELD
}
