package io.larder.node.server.command;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that commands between MULTI and EXEC may hold, on one connection and on all of a node
 * together. It is granted at once or refused: transactions that wait for memory while they hold
 * some could wait for each other. Thread-safe.
 */
public final class TransactionBudget {
  /** The most for a connection's queued values; a quarter of the pool if that is less. */
  private static final long MAX_PAYLOAD_BYTES = 128L << 20;

  /** The most for a connection's queued arguments, which lie on the heap. */
  private static final long MAX_ARGUMENT_BYTES = 16L << 20;

  private final long payloadBytes;
  private final long argumentBytes;
  private final AtomicLong payloadUsed = new AtomicLong();
  private final AtomicLong argumentsUsed = new AtomicLong();

  /**
   * Makes an unused budget.
   *
   * @param poolBytes capacity of the pool of payloads, of which a quarter may be used
   * @param heapBytes size of the heap, of which a sixteenth may be used
   */
  public TransactionBudget(long poolBytes, long heapBytes) {
    this.payloadBytes = poolBytes / 4;
    this.argumentBytes = heapBytes / 16;
  }

  /** The most memory that values of one connection may hold. */
  long maxPayloadBytes() {
    return Math.min(MAX_PAYLOAD_BYTES, payloadBytes);
  }

  /** The most memory that arguments of one connection may hold. */
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

  /** The memory that values and arguments of all connections hold, in bytes. */
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
