package io.larder.node.server;

import io.larder.node.server.Answer.Now;
import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import java.util.concurrent.CompletableFuture;

/** The exchange of a command whose reply carries no block. */
final class SmallReply extends Exchange {
  private final CompletableFuture<Now> future;
  private Outcome outcome = Outcome.ERROR;
  private boolean awaited;

  SmallReply(Asked asked, CompletableFuture<Now> future, long waitMs) {
    super(asked, waitMs);
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
    Now now = future.isCompletedExceptionally() ? Failures.answer(future) : future.resultNow();
    outcome = queue.write(asked().spec(), asked().onError(), now);
    return true;
  }

  @Override
  Outcome outcome() {
    return outcome;
  }

  @Override
  void expire(String message) {
    future.completeExceptionally(new ServiceException(Refusal.DEADLINE, message));
  }

  @Override
  void cancel() {
    // Nothing is held: what the node still answers is nobody's.
  }
}
