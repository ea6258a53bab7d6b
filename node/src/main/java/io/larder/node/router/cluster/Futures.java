package io.larder.node.router.cluster;

import io.larder.node.peer.PeerException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Operations that {@link CompletableFuture} lacks. */
public final class Futures {
  private static final Logger LOG = LoggerFactory.getLogger(Futures.class);

  private Futures() {}

  /** Lets a chain run by itself: an unhandled failure in it is a programming error. */
  public static void go(CompletableFuture<?> chain) {
    var _ =
        chain.exceptionally(failure -> {
          LOG.error("unexpected failure", failure);
          return null;
        });
  }

  /**
   * Ends a chain: calls the receiver with the value or the failure. An exception of the receiver is
   * a programming error.
   */
  public static <T> void finish(
      CompletableFuture<T> chain, BiConsumer<@Nullable T, @Nullable Throwable> receiver) {
    finish(chain, receiver, Runnable::run);
  }

  /** As above, on an executor. */
  public static <T> void finish(
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

  /** The cause of a failure, for a message; null means that no answer came. */
  public static String reason(@Nullable Throwable failure) {
    if (failure == null) {
      return "no answer";
    }
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof PeerException)) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  public static CompletableFuture<?> all(List<CompletableFuture<?>> futures) {
    return switch (futures.size()) {
      case 0 -> CompletableFuture.completedFuture(null);
      case 1 -> futures.getFirst();
      default -> CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    };
  }
}
