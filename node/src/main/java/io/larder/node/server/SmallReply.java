package io.larder.node.server;

import io.larder.node.server.Answer.Now;
import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.protocol.Reply;
import java.util.concurrent.CompletableFuture;

/** The exchange of a command whose reply carries no block. */
final class SmallReply extends Exchange {
  private final CompletableFuture<Now> future;
  private Outcome outcome = Outcome.ERROR;
  private boolean error;
  private boolean awaited;

  SmallReply(CommandSpec spec, long startNanos, CompletableFuture<Now> future, long waitMs) {
    super(spec, startNanos, waitMs);
    this.future = future;
  }

  @Override
  boolean emit(ReplyQueue queue) {
    if (!future.isDone()) {
      if (!awaited) {
        awaited = true;
        queue.wakeWhen(future);
      }
      return false;
    }
    Reply reply;
    if (future.isCompletedExceptionally()) {
      reply = Reply.error(Failures.message(future));
    } else {
      Now now = future.resultNow();
      outcome = now.outcome();
      reply = now.reply();
    }
    error = reply instanceof Reply.Failure;
    ReplyEncoder.write(queue.buffer(), reply, queue.session().resp3);
    return true;
  }

  @Override
  Outcome outcome() {
    return outcome;
  }

  @Override
  boolean isError() {
    return error;
  }

  @Override
  void expire(String message) {
    future.completeExceptionally(new ServiceException(message));
  }

  @Override
  void cancel() {
    // Nothing is held: what the node still answers is nobody's.
  }
}
