package io.larder.node.router;

import io.larder.node.block.KeyRef;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Records of this node that are being written or whose commits are not answered yet. The owner may
 * have accepted one and told others of it before this node hears so: it is held, and whoever asks
 * for it waits for the answer instead of being sent away.
 *
 * <p>One record a key at a time: of two records of a key on one device the later written wins at
 * the next start, so the earlier one must not be published after it. Thread-safe.
 */
final class PendingCommits {
  private static final class Pending {
    final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    volatile long stamp;
  }

  private final ConcurrentHashMap<KeyRef, Pending> pending = new ConcurrentHashMap<>();

  /** Takes note of a record before it is written; false if another of its key is not ended yet. */
  boolean begin(KeyRef key) {
    return pending.putIfAbsent(key, new Pending()) == null;
  }

  /** The record is durable; its commit is sent after this. */
  void written(KeyRef key, long stamp) {
    Pending record = pending.get(key);
    if (record != null) {
      record.stamp = stamp;
    }
  }

  /** The record was published or given up. */
  void end(KeyRef key) {
    Pending record = pending.remove(key);
    if (record != null) {
      record.ended.complete(true);
    }
  }

  /** Whether exactly this record is durable here and waits for its answer. */
  boolean holds(KeyRef key, long stamp) {
    Pending record = pending.get(key);
    return record != null && record.stamp == stamp;
  }

  /** Completes when the key's durable record that waits now has its answer; null if none does. */
  @Nullable CompletableFuture<?> settled(KeyRef key) {
    Pending record = pending.get(key);
    return record == null || record.stamp == 0 ? null : record.ended;
  }
}
