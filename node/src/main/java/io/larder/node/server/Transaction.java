package io.larder.node.server;

import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one connection between MULTI and EXEC: they are queued with their payloads and
 * run one after the other. Bounded in number, bytes and time. An error in between aborts EXEC.
 * Belongs to the connection's event loop.
 */
final class Transaction {
  private static final int MAX_COMMANDS = 65_536;

  // What an argument costs beside its bytes, and a command beside its arguments.
  private static final int ARGUMENT_OVERHEAD_BYTES = 32;
  private static final int COMMAND_OVERHEAD_BYTES = 96;

  private static final Reply QUEUED = new Reply.Simple("QUEUED");

  private enum State {
    /** No MULTI came. */
    NONE,
    OPEN,
    /** EXEC will be refused, and nothing is held. */
    FAILED,
    /** As failed, since EXEC did not come in time. */
    EXPIRED
  }

  private State state = State.NONE;
  private List<QueuedCommand> queued = new ArrayList<>();
  private long payloadBytes;
  private long argumentBytes;
  private long begunNanos;

  /** What the payload that arrives has taken of the budget, and of whose. */
  private long arrivingBytes;

  private @Nullable TransactionBudget arrivingFrom;

  /** Whether commands are queued rather than run. */
  boolean isOpen() {
    return state != State.NONE;
  }

  /** Whether what is queued from now on will run. */
  boolean isGood() {
    return state == State.OPEN;
  }

  /** MULTI. */
  Answer begin() {
    if (isOpen()) {
      return Answer.error("ERR MULTI calls can not be nested");
    }
    state = State.OPEN;
    begunNanos = System.nanoTime();
    return Answer.OK;
  }

  /**
   * Takes the budget for a payload that is about to arrive.
   *
   * @param bytes what it will occupy of the pool
   * @throws ServiceException if there is no room for it
   */
  void expect(long bytes, TransactionBudget budget) {
    if (payloadBytes + bytes > budget.maxPayloadBytes()) {
      throw new ServiceException(
          Refusal.OVERLOADED,
          "ERR a transaction holds at most "
              + budget.maxPayloadBytes()
              + " bytes of values on this node: send EXEC more often");
    }
    if (!budget.tryTakePayload(bytes)) {
      throw new ServiceException(
          Refusal.OVERLOADED,
          "TRYAGAIN the transactions of all connections hold as much memory as this node gives"
              + " them: try again");
    }
    arrivingFrom = budget;
    arrivingBytes = bytes;
  }

  /** The payload that was expected will not be queued. */
  void expectNothing() {
    if (arrivingFrom != null) {
      arrivingFrom.givePayload(arrivingBytes);
      arrivingFrom = null;
      arrivingBytes = 0;
    }
  }

  /** Queues a command; the put's payload is taken over, whatever comes of it. */
  Answer add(Call call, @Nullable ReceivedPut put) {
    long ofArguments = isGood() ? weight(call) : 0;
    String refused = refusal(call, ofArguments);
    if (refused != null || !isGood()) {
      expectNothing();
      if (put != null) {
        put.abandon();
      }
      return refused == null ? Answer.now(QUEUED) : Answer.refused(Refusal.OVERLOADED, refused);
    }
    queued.add(new QueuedCommand(call, put, arrivingBytes, ofArguments));
    payloadBytes += arrivingBytes;
    argumentBytes += ofArguments;
    arrivingBytes = 0;
    arrivingFrom = null;
    return Answer.now(QUEUED);
  }

  /** Why a command cannot be queued; if it can, its arguments have their budget. */
  private @Nullable String refusal(Call call, long ofArguments) {
    if (state == State.EXPIRED) {
      return "TIMEOUT the transaction was discarded, since EXEC did not come in time: begin again";
    }
    if (!call.spec().isQueueable()) {
      return "ERR Command not allowed inside a transaction";
    }
    if (state == State.FAILED) {
      return null;
    }
    TransactionBudget budget = call.server().transactionBudget();
    if (queued.size() == MAX_COMMANDS || argumentBytes + ofArguments > budget.maxArgumentBytes()) {
      return "ERR a transaction holds at most "
          + MAX_COMMANDS
          + " commands with "
          + budget.maxArgumentBytes()
          + " bytes beside their values: send EXEC more often";
    }
    return budget.tryTakeArguments(ofArguments)
        ? null
        : "TRYAGAIN the transactions of all connections hold as many commands as this node takes:"
            + " try again";
  }

  private static long weight(Call call) {
    long weight = COMMAND_OVERHEAD_BYTES;
    for (int i = 0; i < call.count(); i++) {
      weight += call.arguments()[i].length + ARGUMENT_OVERHEAD_BYTES;
    }
    return weight;
  }

  /** A command in between was answered with an error. */
  void fail() {
    if (state == State.OPEN) {
      drop();
      state = State.FAILED;
    }
    expectNothing();
  }

  /** Drops what EXEC has not come for in time. */
  void expire(long nowNanos, long timeoutMs) {
    if (isOpen() && nowNanos - begunNanos > timeoutMs * 1_000_000) {
      drop();
      state = State.EXPIRED;
    }
  }

  /** EXEC. */
  Answer execute() {
    State ended = state;
    List<QueuedCommand> commands = queued;
    queued = new ArrayList<>();
    close();
    return switch (ended) {
      case NONE -> Answer.error("ERR EXEC without MULTI");
      case OPEN -> new Answer.Executed(commands);
      case FAILED, EXPIRED ->
          Answer.error("EXECABORT Transaction discarded because of previous errors.");
    };
  }

  /** Ends it without having run anything. */
  void close() {
    drop();
    expectNothing();
    state = State.NONE;
  }

  private void drop() {
    queued.forEach(QueuedCommand::abandon);
    queued = new ArrayList<>();
    payloadBytes = 0;
    argumentBytes = 0;
  }
}
