package io.larder.node.server.reply;

import io.larder.node.server.command.Answer;
import io.larder.node.server.command.CommandContext;
import io.larder.node.server.command.Outcome;
import io.larder.node.server.wire.MinimumRate;
import java.util.concurrent.CompletableFuture;

/**
 * A request on its way to its reply: it stands in its connection's queue until the reply is
 * written. Belongs to the connection's event loop.
 */
public abstract sealed class Exchange permits SmallReply, BlockReply, TransactionReply {
  private final Request request;
  private final long waitMs;
  private long progressNanos;

  Exchange(Request request, long waitMs) {
    this.request = request;
    this.waitMs = waitMs;
    this.progressNanos = request.startNanos();
  }

  /** Makes the exchange that an answer needs. */
  public static Exchange of(Request request, Answer answer, CommandContext context) {
    return switch (answer) {
      case Answer.Now now ->
          new SmallReply(request, CompletableFuture.completedFuture(now), 0, context.failures());
      case Answer.Later later ->
          new SmallReply(request, later.reply(), later.waitMs(), context.failures());
      case Answer.Blocks blocks -> new BlockReply(request, blocks, context);
      case Answer.Executed executed -> new TransactionReply(request, executed.steps(), context);
    };
  }

  public Request request() {
    return request;
  }

  /** Starts its deadline anew, since it has made progress. */
  public void progressed() {
    progressNanos = System.nanoTime();
  }

  public boolean isOlderThan(long nowNanos, long timeoutMs) {
    return nowNanos - progressNanos > (timeoutMs + waitMs) * 1_000_000;
  }

  /**
   * Writes as much as can be written. Called for the head of the queue only; the sink wakes the
   * queue when the rest can be written.
   *
   * @return whether the reply is complete
   */
  public abstract boolean emit(ReplySink sink);

  /** How it ended; called when the reply is complete. */
  public abstract Outcome outcome();

  /** Gives up waiting: the missing answer becomes an error. */
  public abstract void expire(String message);

  /** Gives memory back that is not being sent yet; {@link #emit} asks for it again. */
  public void yieldMemory() {}

  /** Whether the reader takes a block too slowly while others wait for its memory. */
  public boolean isSlow(long nowNanos, MinimumRate rate) {
    return false;
  }

  /** Releases everything it holds or has asked for; the connection has closed. */
  public abstract void cancel();
}
