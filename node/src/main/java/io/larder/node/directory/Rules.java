package io.larder.node.directory;

/**
 * The rules on which the promise of one holder depends. They are in one place so that a test can
 * break one at a time and check that the simulation of the cluster notices.
 */
public interface Rules {
  /** The rules as they are; only a test uses others. */
  Rules STANDARD = new Rules() {};

  /** The epoch to which a node is promised after it has answered an announce. */
  default long promise(long promisedEpoch, long announcedEpoch) {
    return announcedEpoch;
  }

  /** Whether a message from an owner of that epoch is void for a node with that promise. */
  default boolean isVoid(long epoch, long promisedEpoch) {
    return Long.compareUnsigned(epoch, promisedEpoch) < 0;
  }

  /** Whether a record is exactly the one that was meant, and not a later one of the same key. */
  default boolean isSameStamp(long stamp, long meantStamp) {
    return stamp == meantStamp;
  }
}
