package io.larder.node.router.holder;

import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.store.WrittenRecord;
import java.util.concurrent.CompletableFuture;

/** Discards durable records that do not become their key's one copy. */
final class Discards {
  private Discards() {}

  /**
   * Done when a tombstone is durable, and not before: without one the record would come back at the
   * next start. Retries when the device fails.
   */
  static CompletableFuture<Void> discard(WrittenRecord record, Timing timing) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    discard(record, timing, timing.deadlines().discard().firstMs(), done);
    return done;
  }

  private static void discard(
      WrittenRecord record, Timing timing, long pauseMs, CompletableFuture<Void> done) {
    Futures.finish(
        record.discard(),
        (_, failure) -> {
          if (failure == null) {
            done.complete(null);
          } else {
            long nextMs = timing.deadlines().discard().after(pauseMs);
            timing.after(pauseMs, () -> discard(record, timing, nextMs, done));
          }
        });
  }
}
