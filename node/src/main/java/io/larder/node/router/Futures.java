package io.larder.node.router;

import io.larder.node.peer.PeerException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What {@link CompletableFuture} lacks for lists. */
final class Futures {
  private static final Logger LOG = LoggerFactory.getLogger(Futures.class);

  private Futures() {}

  /** Lets a chain run by itself: whatever fails in it unhandled is a programming error. */
  static void go(CompletableFuture<?> chain) {
    var _ =
        chain.exceptionally(failure -> {
          LOG.error("unexpected failure", failure);
          return null;
        });
  }

  /**
   * Ends a chain: tells the receiver the outcome, a failure included. What the receiver itself
   * throws is a programming error.
   */
  static <T> void finish(
      CompletableFuture<T> chain, BiConsumer<@Nullable T, @Nullable Throwable> receiver) {
    finish(chain, receiver, Runnable::run);
  }

  /** As above, on an executor. */
  static <T> void finish(
      CompletableFuture<T> chain,
      BiConsumer<@Nullable T, @Nullable Throwable> receiver,
      Executor executor) {
    go(
        chain.handleAsync(
            (value, failure) -> {
              receiver.accept(value, failure);
              return true;
            },
            executor));
  }

  /** The same future, but it fails if it is not done in time. */
  static <T> CompletableFuture<T> within(
      CompletableFuture<T> chain, long ms, ScheduledExecutorService timer) {
    CompletableFuture<T> bounded = chain.copy();
    ScheduledFuture<?> late =
        timer.schedule(
            () -> bounded.completeExceptionally(new PeerException("not done in " + ms + " ms")),
            ms,
            TimeUnit.MILLISECONDS);
    finish(bounded, (_, _) -> late.cancel(false));
    return bounded;
  }

  /** What an attempt comes to that is made after a while. */
  static <T> CompletableFuture<T> after(
      long ms, ScheduledExecutorService timer, Supplier<CompletableFuture<T>> attempt) {
    CompletableFuture<T> later = new CompletableFuture<>();
    var _ =
        timer.schedule(
            () ->
                finish(
                    attempt.get(),
                    (value, failure) -> {
                      boolean _ =
                          failure == null
                              ? later.complete(value)
                              : later.completeExceptionally(failure);
                    }),
            ms,
            TimeUnit.MILLISECONDS);
    return later;
  }

  static CompletableFuture<?> all(List<CompletableFuture<?>> futures) {
    return switch (futures.size()) {
      case 0 -> CompletableFuture.completedFuture(null);
      case 1 -> futures.getFirst();
      default -> CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    };
  }
}
