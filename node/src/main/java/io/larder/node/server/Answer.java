package io.larder.node.server;

import io.larder.node.block.Key;
import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.service.Refusal;
import io.larder.protocol.Reply;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a command answers, or how its answer will be had. */
sealed interface Answer {
  /**
   * The reply.
   *
   * @param refusal why it is an error; null if it is none
   */
  record Now(Reply reply, Outcome outcome, @Nullable Refusal refusal) implements Answer {}

  /**
   * The reply, when it is there.
   *
   * @param waitMs how long the client has asked to wait, on top of what the work takes
   */
  record Later(CompletableFuture<Now> reply, long waitMs) implements Answer {}

  /** Blocks, streamed one after the other. */
  record Blocks(List<Key> keys, Framing framing, boolean local) implements Answer {}

  /** An array of what these answer, one after the other. */
  record Executed(List<QueuedCommand> commands) implements Answer {}

  /** How blocks are written. */
  enum Framing {
    /** One bulk string. */
    BULK,
    /** An array of bulk strings. */
    BULKS,
    /** Larder's frame: id, metadata, CRCs, tier, length, then a bulk string a chunk. */
    CHUNKED
  }

  Now OK = now(Reply.OK);

  /** What another node answered may be an error, too. */
  static Now now(Reply reply) {
    return new Now(reply, reply instanceof Reply.Failure ? Outcome.ERROR : Outcome.OK, null);
  }

  /** Of a request that is malformed. */
  static Now error(String message) {
    return refused(Refusal.MALFORMED, message);
  }

  static Now refused(Refusal refusal, String message) {
    return new Now(Reply.error(message), Outcome.ERROR, refusal);
  }

  /** An answer made from what the node will say. */
  static <T> Answer when(CompletableFuture<T> future, Function<? super T, Reply> reply) {
    return when(future, 0, reply);
  }

  static <T> Answer when(
      CompletableFuture<T> future, long waitMs, Function<? super T, Reply> reply) {
    return whenNow(future, waitMs, value -> now(reply.apply(value)));
  }

  /** An answer made from what the node will say, with the outcome told apart. */
  static <T> Answer whenNow(
      CompletableFuture<T> future, long waitMs, Function<? super T, Now> reply) {
    if (future.isDone() && !future.isCompletedExceptionally()) {
      return reply.apply(future.resultNow());
    }
    return new Later(future.thenApply(reply), waitMs);
  }
}
