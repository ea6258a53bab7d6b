package io.larder.node.router;

import io.larder.node.store.WrittenRecord;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Gives up durable records that are not to be their key's one copy. */
final class Discards {
  private static final long FIRST_RETRY_MS = 10;
  private static final long MAX_RETRY_MS = 1_000;

  private Discards() {}

  /**
   * Done when a tombstone is durable, and not before: without one the record would come back at the
   * next start. A device that fails is asked again.
   */
  static CompletableFuture<Void> discard(WrittenRecord record, ScheduledExecutorService timer) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    discard(record, timer, FIRST_RETRY_MS, done);
    return done;
  }

  private static void discard(
      WrittenRecord record,
      ScheduledExecutorService timer,
      long retryMs,
      CompletableFuture<Void> done) {
    Futures.finish(
        record.discard(),
        (_, failure) -> {
          if (failure == null) {
            done.complete(null);
          } else {
            var _ =
                timer.schedule(
                    () -> discard(record, timer, Math.min(MAX_RETRY_MS, retryMs * 2), done),
                    retryMs,
                    TimeUnit.MILLISECONDS);
          }
        });
  }
}
