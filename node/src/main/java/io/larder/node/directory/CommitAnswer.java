package io.larder.node.directory;

/** What a slot owner answers to a written record. */
public sealed interface CommitAnswer {
  /**
   * The record is the key's one copy.
   *
   * @param epoch of the owner's claim: a node that has promised itself to a later one ignores it
   */
  record Accepted(long epoch) implements CommitAnswer {}

  /**
   * Another copy or another writer stands; the record must be discarded.
   *
   * @param epoch as in {@link Accepted}
   * @param stored whether the key has its one copy; false if another is only writing it
   */
  record Rejected(long epoch, boolean stored) implements CommitAnswer {}

  /** The owner cannot decide now: claim again. */
  record TryAgain(String reason) implements CommitAnswer {}
}
