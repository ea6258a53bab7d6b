package io.larder.node.service;

/** The outcome of a put. */
public enum PutOutcome {
  /** This put's value is durable and is the key's value. */
  STORED,
  /** The key has a value already; this one was dropped. */
  EXISTS,
  /** Another still writes the key after the wait; this value was dropped. */
  HELD
}
