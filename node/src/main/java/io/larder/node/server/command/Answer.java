package io.larder.node.server.command;

import io.larder.node.block.Key;
import io.larder.node.service.Refusal;
import io.larder.protocol.Reply;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The answer to a command: the reply itself, or how to make it. */
public sealed interface Answer {
  /**
   * The reply.
   *
   * @param refusal why it is an error; null if it is none
   */
  record Now(Reply reply, Outcome outcome, @Nullable Refusal refusal) implements Answer {}

  /**
   * The reply, once the future completes.
   *
   * @param waitMs how long the client has asked to wait, on top of the node's own work
   */
  record Later(CompletableFuture<Now> reply, long waitMs) implements Answer {}

  /**
   * Blocks, streamed one after the other.
   *
   * @param local whether only this node's own memory and device are read
   */
  record Blocks(List<Key> keys, Framing framing, boolean local) implements Answer {}

  /** An array of the answers of these commands, which run one after the other. */
  record Executed(List<Step> steps) implements Answer {}

  /** A command of a transaction. Exactly one of {@link #run} and {@link #abandon} is called. */
  interface Step {
    CommandSpec spec();

    /** The reply if it ends in an error. */
    ErrorAnswer onError();

    /** Runs it as if it had come just now. */
    Answer run();

    /** Releases what it holds; it will not run. */
    void abandon();
  }

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

  /** A reply, which may be an error that another node sent. */
  static Now now(Reply reply) {
    return new Now(reply, reply instanceof Reply.Failure ? Outcome.ERROR : Outcome.OK, null);
  }

  /** The answer to a malformed request. */
  static Now error(String message) {
    return refused(Refusal.MALFORMED, message);
  }

  static Now refused(Refusal refusal, String message) {
    return new Now(Reply.error(message), Outcome.ERROR, refusal);
  }

  /** An answer made from the future's result. */
  static <T> Answer when(CompletableFuture<T> future, Function<? super T, Reply> reply) {
    return when(future, 0, reply);
  }

  static <T> Answer when(
      CompletableFuture<T> future, long waitMs, Function<? super T, Reply> reply) {
    return whenNow(future, waitMs, value -> now(reply.apply(value)));
  }

  /** An answer made from the future's result, its outcome included. */
  static <T> Answer whenNow(
      CompletableFuture<T> future, long waitMs, Function<? super T, Now> reply) {
    if (future.isDone() && !future.isCompletedExceptionally()) {
      return reply.apply(future.resultNow());
    }
    return new Later(future.thenApply(reply), waitMs);
  }
}
