package io.larder.node.store;

/** Receives every record that the store drops by itself. */
@FunctionalInterface
public interface EvictionListener {
  /** Why a record was dropped. */
  enum Cause {
    /** To make room. */
    RECLAIMED,
    /** It could not be read, or did not verify. */
    DAMAGED
  }

  /**
   * Called on a housekeeping or device thread after the entry is removed, and before the record can
   * be overwritten; must not block.
   */
  void evicted(int slot, long fingerprint, long stamp, Cause cause);
}
