package io.larder.node.service;

/**
 * Why a request has no result: the reason for an error or for a dropped put. Also decides which
 * clients get the error.
 */
public enum Refusal {
  /** The request itself is wrong: a retry is useless. */
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
  /** Another still writes the key after the wait. */
  HELD,
  /** The owner has not confirmed in time that the record is the key's one copy. */
  UNSETTLED,
  /** The node has not answered in time. */
  DEADLINE,
  /** The node has no room for the request. */
  OVERLOADED,
  /** A programming error; the node's log has it. */
  INTERNAL;

  /**
   * Whether every client gets the error, a plain session too: a correct client does not cause it,
   * and another answer would not help.
   */
  public boolean isTold() {
    return this == MALFORMED || this == NOT_AUTHENTICATED;
  }
}
