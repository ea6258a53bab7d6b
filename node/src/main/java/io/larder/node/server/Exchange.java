package io.larder.node.server;

import io.larder.node.server.ServerMetrics.Outcome;

/**
 * A request on its way to its reply: it stands in its connection's {@link ReplyQueue} until the
 * reply is written. Belongs to the connection's event loop.
 */
abstract sealed class Exchange permits SmallReply, BlockReply, TransactionReply {
  private final Asked asked;
  private final long waitMs;
  private long progressNanos;

  Exchange(Asked asked, long waitMs) {
    this.asked = asked;
    this.waitMs = waitMs;
    this.progressNanos = asked.startNanos();
  }

  Asked asked() {
    return asked;
  }

  /** Something it waited for has come. */
  void progressed() {
    progressNanos = System.nanoTime();
  }

  boolean isOlderThan(long nowNanos, long timeoutMs) {
    return nowNanos - progressNanos > (timeoutMs + waitMs) * 1_000_000;
  }

  /**
   * Writes what can be written. Called for the head of the queue only; what it waits for wakes the
   * queue.
   *
   * @return whether the reply is complete
   */
  abstract boolean emit(ReplyQueue queue);

  /** How it ended; asked when the reply is complete. */
  abstract Outcome outcome();

  /** Gives up waiting: what is missing becomes an error. */
  abstract void expire(String message);

  /** Gives memory back that is not being sent yet; it is asked for again when its turn comes. */
  void yieldMemory() {}

  /** Whether the reader takes a block too slowly for others to wait for its memory. */
  boolean isSlow(long nowNanos, ServerConfig config) {
    return false;
  }

  /** The connection has closed: gives back what it holds and what will still come. */
  abstract void cancel();
}
