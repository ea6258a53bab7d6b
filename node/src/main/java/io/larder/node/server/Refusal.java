package io.larder.node.server;

/**
 * Why a request has no result. The reasons of dropped puts, and what decides who reads an error.
 */
public enum Refusal {
  /** The request itself is wrong: sending it again is of no use. */
  MALFORMED,
  /** The sender may not do this. */
  NOT_ALLOWED,
  /** The value is larger than the node takes. */
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
  INTERNAL
}
