package io.larder.node.store;

import java.util.concurrent.CompletableFuture;

/**
 * A record that is durable but not visible. Exactly one of {@link #publish} and {@link #discard} is
 * called, once; until then its segment cannot be reclaimed. After a restart an unsettled record is
 * visible.
 */
public interface WrittenRecord {
  /** The stamp of the record, unique on its device for ever. */
  long stamp();

  /** Makes it the key's value, in place of any older one. */
  void publish();

  /**
   * Discards it; completes when a tombstone that keeps it from coming back is durable. If it fails
   * it may be called again.
   */
  CompletableFuture<Void> discard();
}
