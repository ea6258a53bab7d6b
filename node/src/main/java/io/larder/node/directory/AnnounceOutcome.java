package io.larder.node.directory;

/** The effect of an announced record on the directory. */
public sealed interface AnnounceOutcome {
  /**
   * No further step is needed: the record is the entry, the announcement is void, or the source of
   * a move will itself ask for the settlement.
   */
  record Settled() implements AnnounceOutcome {}

  /**
   * The entry names a record of another live node. The announced copy is a duplicate, to be dropped
   * after that node has confirmed its own.
   */
  record Duplicate(Lookup.Found entry) implements AnnounceOutcome {}

  /**
   * The entry names another record of the announcing node. Either may be the newer one; the entry
   * stays unless that node denies it.
   */
  record Conflict(Lookup.Found entry) implements AnnounceOutcome {}

  AnnounceOutcome SETTLED = new Settled();
}
