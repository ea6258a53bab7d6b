package io.larder.node.router.holder;

import io.larder.node.block.KeyRef;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Records of this node that are being written or whose commits are not answered yet. The owner may
 * have accepted one and named it to others before its answer arrives here: this node holds the
 * record, and requests for it wait for the answer instead of failing.
 *
 * <p>One record per key at a time: of two records of a key on one device the later written wins at
 * the next start, so the earlier one must not be published after it. Thread-safe.
 */
public final class PendingCommits {
  private static final class Pending {
    final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    volatile long stamp;
  }

  private final ConcurrentHashMap<KeyRef, Pending> pending = new ConcurrentHashMap<>();

  /** Takes note of a record before it is written; false while another record of its key pends. */
  public boolean begin(KeyRef key) {
    return pending.putIfAbsent(key, new Pending()) == null;
  }

  /** The record is durable; its commit is sent after this call. */
  public void written(KeyRef key, long stamp) {
    Pending record = pending.get(key);
    if (record != null) {
      record.stamp = stamp;
    }
  }

  /** The record was published or given up. */
  public void end(KeyRef key) {
    Pending record = pending.remove(key);
    if (record != null) {
      record.ended.complete(true);
    }
  }

  /** Whether exactly this record is durable here and waits for its answer. */
  public boolean holds(KeyRef key, long stamp) {
    Pending record = pending.get(key);
    return record != null && record.stamp == stamp;
  }

  /** Completes when the pending durable record of the key has its answer; null if there is none. */
  public @Nullable CompletableFuture<?> settled(KeyRef key) {
    Pending record = pending.get(key);
    return record == null || record.stamp == 0 ? null : record.ended;
  }
}
