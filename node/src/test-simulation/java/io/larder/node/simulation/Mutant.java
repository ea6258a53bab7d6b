package io.larder.node.simulation;

import io.larder.node.directory.Rules;

/** A cluster in which one rule is broken, to check that the simulation notices. */
enum Mutant implements Rules {
  /** The cluster as it is. */
  NOTHING,

  /** An owner acts whether or not its session may have ended. */
  FENCE,

  /** A node answers that the void values of a key are gone, and keeps them. */
  VOIDING,

  /** Discarding a record writes no tombstone: it comes back when the node starts again. */
  DISCARD,

  /** Messages from owners of earlier epochs are believed. */
  EPOCH_CHECK,

  /** Answering an announce promises nothing, except for the first one of a process. */
  PROMISE,

  /** A key's record is taken for any other record of that key. */
  STAMP_COMPARE;

  @Override
  public boolean isVoid(long epoch, long promisedEpoch) {
    return this != EPOCH_CHECK && Rules.super.isVoid(epoch, promisedEpoch);
  }

  @Override
  public long promise(long promisedEpoch, long announcedEpoch) {
    return this == PROMISE && promisedEpoch != 0
        ? promisedEpoch
        : Rules.super.promise(promisedEpoch, announcedEpoch);
  }

  @Override
  public boolean isSameStamp(long stamp, long meantStamp) {
    return this == STAMP_COMPARE || Rules.super.isSameStamp(stamp, meantStamp);
  }
}
