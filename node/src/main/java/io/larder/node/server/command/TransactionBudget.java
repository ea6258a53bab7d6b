package io.larder.node.server.command;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What commands between MULTI and EXEC may hold, on one connection and on all of a node together.
 * It is given at once or not at all: a transaction that waited for memory while it holds some could
 * wait for another that does the same. Thread-safe.
 */
public final class TransactionBudget {
  /** A connection's queued values, if a quarter of the pool is no less. */
  private static final long MAX_PAYLOAD_BYTES = 1216L << 20;

  /** A connection's queued arguments, which lie on the heap. */
  private static final long MAX_ARGUMENT_BYTES = 16L << 20;

  private final long payloadBytes;
  private final long argumentBytes;
  private final AtomicLong payloadUsed = new AtomicLong();
  private final AtomicLong argumentsUsed = new AtomicLong();

  /**
   * Nothing is used.
   *
   * @param poolBytes capacity of the pool of payloads, of which a quarter may be used
   * @param heapBytes size of the heap, of which a sixteenth may be used
   */
  public TransactionBudget(long poolBytes, long heapBytes) {
    this.payloadBytes = poolBytes / 4;
    this.argumentBytes = heapBytes / 16;
  }

  /** The most that one connection may hold of values. */
  long maxPayloadBytes() {
    return Math.min(MAX_PAYLOAD_BYTES, payloadBytes);
  }

  /** The most that one connection may hold of arguments. */
  long maxArgumentBytes() {
    return Math.min(MAX_ARGUMENT_BYTES, argumentBytes);
  }

  boolean tryTakePayload(long bytes) {
    return tryTake(payloadUsed, bytes, payloadBytes);
  }

  void givePayload(long bytes) {
    payloadUsed.addAndGet(-bytes);
  }

  boolean tryTakeArguments(long bytes) {
    return tryTake(argumentsUsed, bytes, argumentBytes);
  }

  void giveArguments(long bytes) {
    argumentsUsed.addAndGet(-bytes);
  }

  /** What all connections hold of values and arguments, in bytes. */
  long usedBytes() {
    return payloadUsed.get() + argumentsUsed.get();
  }

  private static boolean tryTake(AtomicLong used, long bytes, long most) {
    if (used.addAndGet(bytes) <= most) {
      return true;
    }
    used.addAndGet(-bytes);
    return false;
  }
}
