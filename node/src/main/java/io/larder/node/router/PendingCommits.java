package io.larder.node.router;

import io.larder.node.peer.PeerRequest.KeyRef;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Durable records of this node whose commits are not answered yet. The owner may have accepted one
 * and told others of it before this node hears so: it is held, and whoever asks for it waits for
 * the answer instead of being sent away. Thread-safe.
 */
final class PendingCommits {
  private final ConcurrentHashMap<KeyRef, Map<Long, CompletableFuture<Boolean>>> pending =
      new ConcurrentHashMap<>();

  /** Takes note of a record before its commit is sent. */
  void begin(KeyRef key, long stamp) {
    pending.compute(
        key,
        (_, known) -> {
          Map<Long, CompletableFuture<Boolean>> records =
              known == null ? new HashMap<>(2) : new HashMap<>(known);
          records.put(stamp, new CompletableFuture<>());
          return Map.copyOf(records);
        });
  }

  /** The record was published or discarded. */
  void end(KeyRef key, long stamp) {
    Map<Long, CompletableFuture<Boolean>> before = pending.get(key);
    CompletableFuture<Boolean> ended = before == null ? null : before.get(stamp);
    pending.computeIfPresent(
        key,
        (_, known) -> {
          Map<Long, CompletableFuture<Boolean>> records = new HashMap<>(known);
          records.remove(stamp);
          return records.isEmpty() ? null : Map.copyOf(records);
        });
    if (ended != null) {
      ended.complete(true);
    }
  }

  /** Whether exactly this record is durable here and waits for its answer. */
  boolean holds(KeyRef key, long stamp) {
    Map<Long, CompletableFuture<Boolean>> records = pending.get(key);
    return records != null && records.containsKey(stamp);
  }

  /** Completes when every record of the key that waits now has its answer; null if none does. */
  @Nullable CompletableFuture<?> settled(KeyRef key) {
    Map<Long, CompletableFuture<Boolean>> records = pending.get(key);
    return records == null
        ? null
        : CompletableFuture.allOf(records.values().toArray(CompletableFuture[]::new));
  }
}
