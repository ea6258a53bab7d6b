package io.larder.client;

/** The state of a put under a token. */
public enum CommitOutcome {
  /** The key has the value of this put. */
  STORED,
  /** The key has another put's value. */
  EXISTS,
  /** The put is under way, or its lease is still open. */
  HELD,
  /** The key has no value, and the token's lease is over. */
  ABSENT
}
