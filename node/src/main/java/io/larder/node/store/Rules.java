package io.larder.node.store;

import java.util.List;

/**
 * The rules that the store's promise hangs on, in one place, so that tests can break one at a time
 * and see that the crash tests notice. Nothing but a test sets another.
 */
class Rules {
  /** In force for the whole process. */
  @SuppressWarnings("NonFinalStaticField") // set by mutation tests only
  static volatile Rules now = new Rules();

  /** Whether something read from a segment was written in the writing the segment is in. */
  boolean sameWriting(int generation, Nonce nonce, int expectedGeneration, Nonce expectedNonce) {
    return generation == expectedGeneration && nonce.equals(expectedNonce);
  }

  /** Whether a footer is of the writing that the segment's header names. */
  boolean sameFooter(int generation, Nonce nonce, int expectedGeneration, Nonce expectedNonce) {
    return sameWriting(generation, nonce, expectedGeneration, expectedNonce);
  }

  /** The lowest generation a segment's header may have, by the table's. */
  int lowestGeneration(int tableGeneration) {
    return tableGeneration;
  }

  /** The side of the checkpoint to be written. */
  int sideToWrite(int olderSide) {
    return olderSide;
  }

  /** Whether reclaim writes a tombstone on that may still have something to kill. */
  boolean carriesTombstones() {
    return true;
  }

  /** Called before records are handed to the device. */
  void beforeWrite(List<Append> appends) {}
}
