package io.larder.node.simulation;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Ends of chains. */
final class Futures {
  private Futures() {}

  static <T extends @Nullable Object> void whenDone(
      CompletableFuture<T> chain, BiConsumer<@Nullable T, @Nullable Throwable> receiver) {
    chain.whenComplete((value, failure) ->
        receiver.accept(
            value,
            failure instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : failure));
  }

  static <T> void pass(CompletableFuture<T> from, CompletableFuture<T> to) {
    whenDone(
        from,
        (value, failure) -> {
          if (failure == null) {
            to.complete(value);
          } else {
            to.completeExceptionally(failure);
          }
        });
  }
}
