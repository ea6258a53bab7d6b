package io.larder.node.server;

import io.larder.node.server.ServerMetrics.Outcome;

/**
 * A request on its way to its reply: it stands in its connection's {@link ReplyQueue} until the
 * reply is written. Belongs to the connection's event loop.
 */
abstract sealed class Exchange permits SmallReply, BlockReply {
  private final CommandSpec spec;
  private final long startNanos;
  private final long waitMs;
  private long progressNanos;

  Exchange(CommandSpec spec, long startNanos, long waitMs) {
    this.spec = spec;
    this.startNanos = startNanos;
    this.waitMs = waitMs;
    this.progressNanos = startNanos;
  }

  CommandSpec spec() {
    return spec;
  }

  long startNanos() {
    return startNanos;
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

  /** Whether the reply was an error; asked when it is complete. */
  abstract boolean isError();

  /** Gives up waiting: what is missing becomes an error. */
  abstract void expire(String message);

  /** The connection has closed: gives back what it holds and what will still come. */
  abstract void cancel();
}
