package io.larder.node.service;

/** The outcome of the put under a token. */
public enum CommitAnswer {
  /** Its record is the key's value. */
  STORED,
  /** Another's record is. */
  EXISTS,
  /** It is still open. */
  HELD,
  /** Neither a value nor an open put-lease is there. */
  ABSENT
}
