package io.larder.node.service;

/**
 * Why a request has no result: the reason of a dropped put, and what decides who reads an error.
 */
public enum Refusal {
  /** The request itself is wrong: sending it again is of no use. */
  MALFORMED,
  /** The sender has not given the password. */
  NOT_AUTHENTICATED,

  /** Value or key is larger than the node takes, or the key is empty. */
  TOO_LARGE,
  /** No memory for the payload within its time. */
  NO_MEMORY,
  /** The device has no room, or does not take the value. */
  NOT_WRITTEN,
  /** The slot has no owner that can be reached and may decide. */
  OWNER_AWAY,
  /** Another writes the key, and the wait is over. */
  HELD,
  /** Whether the record is its key's one copy is not known in time. */
  UNSETTLED,
  /** The node has not answered in time. */
  DEADLINE,
  /** More is asked of the node than it has room for. */
  OVERLOADED,
  /** A programming error; the node's log has it. */
  INTERNAL;

  /**
   * Whether every sender is told, a plain session too: no client in order meets it, and none would
   * be served by another answer.
   */
  public boolean isTold() {
    return this == MALFORMED || this == NOT_AUTHENTICATED;
  }
}
