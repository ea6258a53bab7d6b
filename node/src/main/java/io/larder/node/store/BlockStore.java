package io.larder.node.store;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.SlotSummary;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one node: what {@link Store} keeps on a device. A record is written first and made
 * visible afterwards; what was acknowledged survives the death of the process.
 *
 * <p>Thread-safe. Nothing here blocks its caller; futures may complete on device threads, which
 * must not be blocked.
 */
public interface BlockStore {
  /** The largest value in bytes. */
  int maxValueBytes();

  /** The time that expiries go by: milliseconds since about 1970, never going back. */
  long nowMs();

  /**
   * Writes a record, durable but not visible until it is published. The payload's checksums are set
   * and its bytes do not change any more; the store takes a reference of its own, and keeps it for
   * as long as the device may read them. The future fails with a {@link StoreException}, at the
   * latest when the device has not answered within its deadline.
   */
  CompletableFuture<WrittenRecord> write(Key key, Block block);

  /**
   * Reads a key's value; null is a miss. The block's payload has one reference for the caller.
   * Concurrent reads of a key share one device read.
   */
  CompletableFuture<@Nullable Block> read(Key key);

  /**
   * As {@link #read}, but the block may be handed out when its first chunk is there and verified:
   * the others arrive, see {@link io.larder.node.block.Payload#watch}, or the payload is broken
   * off.
   */
  CompletableFuture<@Nullable Block> stream(Key key);

  /** Says that a value was read from a copy in memory, which counts when reclaim comes to it. */
  void touch(long fingerprint);

  /** What the record's header says, its key above all; null if there is no such record. */
  CompletableFuture<@Nullable StoredRecord> describe(int slot, long fingerprint);

  /** The stamp of the key's record, or 0; expired is 0. Does no I/O. */
  long find(int slot, long fingerprint);

  /** The logical time at which the key expires, {@link Block#NEVER} if it does not or is absent. */
  long expiryOf(int slot, long fingerprint);

  /**
   * Deletes a record: writes a tombstone and, when that is durable, removes the entry.
   *
   * @param expectedStamp the record that is meant, or 0 for whatever is there
   * @return whether the entry was removed; false if it is not, or no longer, the one meant
   */
  CompletableFuture<Boolean> delete(int slot, long fingerprint, long expectedStamp);

  /**
   * Pins a value, which reclaim then carries on until it is unpinned, deleted or expired, or ends
   * its pin. Durable when done, and idempotent. Values put later under the same key are not pinned.
   *
   * @return false if the key is absent; fails with a {@link StoreException} if more than a quarter
   *     of the device would be pinned
   */
  CompletableFuture<Boolean> pin(int slot, long fingerprint, boolean on);

  /** Visits a snapshot of a slot's entries, expired ones left out. Does no I/O. */
  void forEach(int slot, EntryVisitor visitor);

  /** Count and XOR of a slot's fingerprints, expired ones left out. */
  SlotSummary summary(int slot);

  /** Installs who is told of records that the store drops by itself; one listener. */
  void onEviction(EvictionListener newListener);

  /** The store at a glance; visits every slot, so not for the hot path. */
  StoreStats stats();
}
