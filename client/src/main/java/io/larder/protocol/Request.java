package io.larder.protocol;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A command in flight. Used on the event loop only, except the futures.
 *
 * <p>Completes only when its reply has arrived and its payload is written (or the channel is
 * closed): an error reply can overtake a payload, whose memory belongs to the connection until
 * then.
 */
abstract sealed class Request {
  final Command command;
  final long deadlineNanos;
  boolean started;
  boolean written;
  int nextPart;
  @Nullable Runnable completion;

  private Request(Command command, long deadlineNanos) {
    this.command = command;
    this.deadlineNanos = deadlineNanos;
  }

  abstract void fail(Throwable cause);

  static final class Small extends Request {
    final CompletableFuture<Reply> reply = new CompletableFuture<>();

    Small(Command command, long deadlineNanos) {
      super(command, deadlineNanos);
    }

    @Override
    void fail(Throwable cause) {
      reply.completeExceptionally(cause);
    }
  }

  static final class Streamed extends Request {
    final CompletableFuture<Boolean> hit = new CompletableFuture<>();
    final BlockSink sink;

    Streamed(Command command, long deadlineNanos, BlockSink sink) {
      super(command, deadlineNanos);
      this.sink = sink;
    }

    @Override
    void fail(Throwable cause) {
      hit.completeExceptionally(cause);
    }
  }
}
