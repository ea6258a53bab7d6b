package io.larder.node.directory;

/** The decision of a slot's owner about a durable record. */
public sealed interface CommitDecision {
  /**
   * The record is the key's one copy.
   *
   * @param epoch of the owner's claim; a node that is promised to a later one ignores the decision
   */
  record Accepted(long epoch) implements CommitDecision {}

  /**
   * The key has another copy or another writer; the record must be discarded.
   *
   * @param epoch as in {@link Accepted}
   * @param stored whether the key has its one copy; false if another put is still writing it
   */
  record Rejected(long epoch, boolean stored) implements CommitDecision {}

  /** The owner cannot decide now: claim again. */
  record TryAgain(String reason) implements CommitDecision {}
}
