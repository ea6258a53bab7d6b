package io.larder.node.server.command;

import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.Reply;
import java.util.ArrayList;
import java.util.List;

/**
 * The commands of one connection between MULTI and EXEC, queued with their payloads. Bounded in
 * number, bytes and time. An error in between aborts EXEC. Belongs to the connection's event loop.
 */
public final class Transaction {
  private static final int MAX_COMMANDS = 65_536;

  private static final Answer QUEUED = Answer.now(new Reply.Simple("QUEUED"));

  private enum State {
    /** No MULTI came. */
    NONE,
    OPEN,
    /** A command was refused: EXEC will be, and nothing is held. */
    FAILED,
    /** EXEC did not come in time: it will be refused, and nothing is held. */
    EXPIRED
  }

  /**
   * A command between MULTI and EXEC, with the memory it has taken of the budget.
   *
   * @param payloadBytes taken of the budget
   * @param argumentBytes taken of the budget
   */
  private record QueuedStep(
      Answer.Step step, TransactionBudget budget, long payloadBytes, long argumentBytes)
      implements Answer.Step {
    @Override
    public CommandSpec spec() {
      return step.spec();
    }

    @Override
    public ErrorAnswer onError() {
      return step.onError();
    }

    @Override
    public Answer run() {
      giveBudgetBack();
      return step.run();
    }

    @Override
    public void abandon() {
      giveBudgetBack();
      step.abandon();
    }

    private void giveBudgetBack() {
      budget.givePayload(payloadBytes);
      budget.giveArguments(argumentBytes);
    }
  }

  private final TransactionBudget budget;
  private State state = State.NONE;
  private List<Answer.Step> queued = new ArrayList<>();
  private long payloadBytes;
  private long argumentBytes;
  private long begunNanos;

  /** The share of the budget that the arriving payload has taken. */
  private long arrivingBytes;

  Transaction(TransactionBudget budget) {
    this.budget = budget;
  }

  /** Whether commands are queued rather than run. */
  public boolean isOpen() {
    return state != State.NONE;
  }

  /** Whether commands that are queued from now on will run. */
  public boolean isGood() {
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
   * @param bytes the memory it will occupy in the pool
   * @throws ServiceException if there is no room for it
   */
  public void expect(long bytes) {
    if (payloadBytes + bytes > budget.maxPayloadBytes()) {
      throw overloaded(
          "ERR a transaction holds at most "
              + budget.maxPayloadBytes()
              + " bytes of values on this node: send EXEC more often");
    }
    if (!budget.tryTakePayload(bytes)) {
      throw overloaded(
          "TRYAGAIN the transactions of all connections hold as much memory as this node gives"
              + " them: try again");
    }
    arrivingBytes = bytes;
  }

  /** Gives the budget of the expected payload back; it will not be queued. */
  private void expectNothing() {
    budget.givePayload(arrivingBytes);
    arrivingBytes = 0;
  }

  /**
   * Queues a command; abandons it if EXEC will be refused or the command cannot be queued.
   *
   * @param ofArguments the memory its arguments occupy
   * @throws ServiceException if the command cannot be queued
   */
  Answer add(Answer.Step step, long ofArguments) {
    boolean isQueued = false;
    try {
      check(step.spec());
      if (isGood()) {
        takeArguments(ofArguments);
        queued.add(new QueuedStep(step, budget, arrivingBytes, ofArguments));
        payloadBytes += arrivingBytes;
        arrivingBytes = 0;
        isQueued = true;
      }
    } finally {
      if (!isQueued) {
        expectNothing();
        step.abandon();
      }
    }
    return QUEUED;
  }

  private void check(CommandSpec spec) {
    if (state == State.EXPIRED) {
      throw overloaded(
          "TIMEOUT the transaction was discarded, since EXEC did not come in time: begin again");
    }
    if (!spec.isQueueable()) {
      throw overloaded("ERR Command not allowed inside a transaction");
    }
  }

  private void takeArguments(long bytes) {
    if (queued.size() == MAX_COMMANDS || argumentBytes + bytes > budget.maxArgumentBytes()) {
      throw overloaded(
          "ERR a transaction holds at most "
              + MAX_COMMANDS
              + " commands with "
              + budget.maxArgumentBytes()
              + " bytes beside their values: send EXEC more often");
    }
    if (!budget.tryTakeArguments(bytes)) {
      throw overloaded(
          "TRYAGAIN the transactions of all connections hold as many commands as this node takes:"
              + " try again");
    }
    argumentBytes += bytes;
  }

  private static ServiceException overloaded(String message) {
    return new ServiceException(Refusal.OVERLOADED, message);
  }

  /** A command between MULTI and EXEC was answered with an error. */
  public void fail() {
    if (state == State.OPEN) {
      drop();
      state = State.FAILED;
    }
    expectNothing();
  }

  /** Drops the queued commands if EXEC has not come in time. */
  public void expire(long nowNanos, long timeoutMs) {
    if (isOpen() && nowNanos - begunNanos > timeoutMs * 1_000_000) {
      drop();
      state = State.EXPIRED;
    }
  }

  /** EXEC. */
  Answer execute() {
    State ended = state;
    List<Answer.Step> commands = queued;
    queued = new ArrayList<>();
    close();
    return switch (ended) {
      case NONE -> Answer.error("ERR EXEC without MULTI");
      case OPEN -> new Answer.Executed(commands);
      case FAILED, EXPIRED ->
          Answer.error("EXECABORT Transaction discarded because of previous errors.");
    };
  }

  /** Ends it and abandons its commands. */
  public void close() {
    drop();
    expectNothing();
    state = State.NONE;
  }

  private void drop() {
    queued.forEach(Answer.Step::abandon);
    queued = new ArrayList<>();
    payloadBytes = 0;
    argumentBytes = 0;
  }
}
