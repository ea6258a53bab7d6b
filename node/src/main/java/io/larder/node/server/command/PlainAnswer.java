package io.larder.node.server.command;

/**
 * The answer that a plain session gets in place of an error. Such a client counts the bytes of its
 * replies and never connects again: after an error it is out of step and takes the values of other
 * keys for its own. A command has one of these answers for every cause but those that {@link
 * ErrorAnswer} sends to every client.
 */
public enum PlainAnswer {
  /** The error, and the connection stays: only clients that read errors send the command. */
  ERROR,
  /** The error, then the end of the connection. */
  ERROR_AND_END,
  /** A miss. */
  NIL,
  /** A miss for each key. */
  NIL_EACH,
  /** None of the keys is there. */
  ZERO,
  /** As for a key that does not exist. */
  NO_KEY,
  /** Accepted, and dropped as a cache may drop; a put that asked for NX was not stored. */
  ACCEPTED
}
