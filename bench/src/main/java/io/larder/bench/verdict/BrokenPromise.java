package io.larder.bench.verdict;

/** The five ways in which a run can observe a broken promise. Nothing else makes a run red. */
public enum BrokenPromise {
  /**
   * A block was stored, every member is present, none has it, and none reports that it was evicted,
   * expired, deleted or dropped.
   */
  LOST("lost", "blocksLost"),
  /** A read returned bytes that no client put under that key, or that were deleted long before. */
  WRONG_BYTES("wrong bytes", "wrongBytes"),
  /**
   * Two nodes hold one key when all is settled, or one key was stored twice while its holder was
   * present.
   */
  TWO_COPIES("two copies", "twoCopies"),
  /** A call had no answer by its deadline and {@link Patience#HANG}, less this process's stalls. */
  HANG("hang", "hangs"),
  /** The cluster had not settled {@link Patience#SETTLED} after the last fault was repaired. */
  NEVER_SETTLED("never settled", "neverSettled");

  private final String words;
  private final String figure;

  BrokenPromise(String words, String figure) {
    this.words = words;
    this.figure = figure;
  }

  /** Its name in a figure of a report; the goal is 0. */
  public String figure() {
    return figure;
  }

  @Override
  public String toString() {
    return words;
  }
}
