package io.larder.node.service;

/** What a put came to. */
public enum PutOutcome {
  /** This put's value is durable and is the key's value. */
  STORED,
  /** The key has a value already; this one was dropped. */
  EXISTS,
  /** Another still writes the key and the wait is over; this value was dropped. */
  HELD
}
