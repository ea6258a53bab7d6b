package io.larder.node.server.reply;

import io.larder.node.server.command.Answer.Now;
import io.larder.node.server.command.Failures;
import io.larder.node.server.command.Outcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import java.util.concurrent.CompletableFuture;

/** The exchange of a command whose reply carries no block. */
final class SmallReply extends Exchange {
  private final CompletableFuture<Now> future;
  private final Failures failures;
  private Outcome outcome = Outcome.ERROR;
  private boolean awaited;

  SmallReply(Request request, CompletableFuture<Now> future, long waitMs, Failures failures) {
    super(request, waitMs);
    this.future = future;
    this.failures = failures;
  }

  @Override
  public boolean emit(ReplySink sink) {
    if (!future.isDone()) {
      if (!awaited) {
        awaited = true;
        sink.wakeWhen(future);
      }
      return false;
    }
    Now now = future.isCompletedExceptionally() ? failures.answer(future) : future.resultNow();
    outcome = sink.write(request().spec(), request().onError(), now);
    return true;
  }

  @Override
  public Outcome outcome() {
    return outcome;
  }

  @Override
  public void expire(String message) {
    future.completeExceptionally(new ServiceException(Refusal.DEADLINE, message));
  }

  @Override
  public void cancel() {
    // Nothing is held.
  }
}
