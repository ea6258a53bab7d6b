package io.larder.node.directory;

/**
 * The rules that the promise of one holder hangs on, in one place, so that tests can break one at a
 * time and see that the simulation of the cluster notices. Nothing but a test sets another.
 */
class Rules {
  /** In force for the whole process. */
  @SuppressWarnings("NonFinalStaticField") // set by mutation tests only
  static volatile Rules now = new Rules();

  /** The epoch a node is promised to once it has answered an announce. */
  long promise(long promisedEpoch, long announcedEpoch) {
    return announcedEpoch;
  }

  /** Whether what comes from an owner of that epoch is void for a node with that promise. */
  boolean isVoid(long epoch, long promisedEpoch) {
    return Long.compareUnsigned(epoch, promisedEpoch) < 0;
  }

  /** Whether a record is exactly the one that was meant, and not a later one of the same key. */
  boolean isSameStamp(long stamp, long meantStamp) {
    return stamp == meantStamp;
  }
}
