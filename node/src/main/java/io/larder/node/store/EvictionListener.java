package io.larder.node.store;

/** Told of every record that the store has dropped by itself: reclaimed, or found damaged. */
@FunctionalInterface
public interface EvictionListener {
  /** Called on a housekeeping or device thread after the entry is gone; must not block. */
  void evicted(int slot, long fingerprint, long stamp);
}
