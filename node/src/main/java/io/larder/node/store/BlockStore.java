package io.larder.node.store;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.SlotSummary;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one node. A record is written first and made visible afterwards; an acknowledged
 * record survives the death of the process.
 *
 * <p>Thread-safe. Nothing here blocks its caller; futures may complete on device threads, which
 * must not be blocked.
 */
public interface BlockStore {
  /** The largest value in bytes. */
  int maxValueBytes();

  /** The logical time that expiries are compared with: milliseconds since about 1970, monotonic. */
  long nowMs();

  /**
   * Writes a record, durable but not visible until it is published. The payload's checksums are set
   * and its bytes do not change any more; the store retains it for as long as the device may read
   * it. The future fails with a {@link StoreException}, at the latest when the device has not
   * answered within its deadline.
   */
  CompletableFuture<WrittenRecord> write(Key key, Block block);

  /**
   * Reads a key's value; null is a miss. The block's payload has one reference for the caller.
   * Concurrent reads of a key share one device read.
   */
  CompletableFuture<@Nullable Block> read(Key key);

  /**
   * As {@link #read}, but completes as soon as the first chunk of the block is verified. The other
   * chunks arrive later, see {@link io.larder.node.block.Payload#watch}, or the payload is broken
   * off.
   */
  CompletableFuture<@Nullable Block> stream(Key key);

  /** Counts a read that a copy in memory answered, for reclaim's choice of records to keep. */
  void touch(long fingerprint);

  /** The header of the record, which has the key; null if there is no such record. */
  CompletableFuture<@Nullable StoredRecord> describe(int slot, long fingerprint);

  /** The stamp of the key's record, or 0 if it is absent or expired. Does no I/O. */
  long find(int slot, long fingerprint);

  /** The logical time at which the key expires, {@link Block#NEVER} if it does not or is absent. */
  long expiryOf(int slot, long fingerprint);

  /**
   * Deletes a record: writes a tombstone and, when that is durable, removes the entry.
   *
   * @param expectedStamp the stamp of the record to delete, or 0 for any
   * @return whether the entry was removed; false if it is absent or has another stamp
   */
  CompletableFuture<Boolean> delete(int slot, long fingerprint, long expectedStamp);

  /**
   * Pins a value, or ends its pin. Reclaim relocates a pinned value until it is unpinned, deleted
   * or expired. Durable when done, and idempotent. A value put later under the same key is not
   * pinned.
   *
   * @return false if the key is absent; fails with a {@link StoreException} if more than a quarter
   *     of the device would be pinned
   */
  CompletableFuture<Boolean> pin(int slot, long fingerprint, boolean on);

  /** Visits a snapshot of a slot's entries, expired ones left out. Does no I/O. */
  void forEach(int slot, EntryVisitor visitor);

  /** Count and XOR of a slot's fingerprints, expired ones left out. */
  SlotSummary summary(int slot);

  /** Installs the one listener that is called for each record that the store drops by itself. */
  void onEviction(EvictionListener newListener);

  /** Counters and gauges of the store; visits every slot, so not for the hot path. */
  StoreStats stats();
}
