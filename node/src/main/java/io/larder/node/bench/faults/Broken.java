package io.larder.node.bench.faults;

/**
 * A promise that was seen broken.
 *
 * @param promise which one
 * @param how with the calls that show it
 */
record Broken(Promise promise, String how) {
  /** What is promised, whatever breaks. */
  enum Promise {
    /** A read returns, whole, the bytes of a put of that key that was not refused. */
    BYTES("readsOfWrongBytes"),
    /** A key has one value at a time, and in the end one holder. */
    ONE_HOLDER("keysWithTwoHolders"),
    /** An acknowledged put is there while its holder lives. */
    KEPT("acknowledgedPutsLost"),
    /** What was deleted stays deleted. */
    DELETED("deletedValuesServed"),
    /** No call outlives its deadline. */
    DEADLINE("callsPastDeadline");

    final String figure;

    Promise(String figure) {
      this.figure = figure;
    }
  }
}
