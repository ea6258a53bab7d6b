package io.larder.node.server;

import org.jspecify.annotations.Nullable;

/**
 * A command between MULTI and EXEC.
 *
 * @param put what a put's payload has become; null for other commands
 * @param payloadBytes taken of the budget
 * @param argumentBytes taken of the budget
 */
record QueuedCommand(Call call, @Nullable ReceivedPut put, long payloadBytes, long argumentBytes) {

  /** Runs it as if it came just now. */
  Answer run() {
    giveBudgetBack();
    try {
      return put == null ? call.spec().handler().run(call) : put.store(call);
    } catch (RuntimeException e) {
      return Failures.answer(e);
    }
  }

  /** It will not run. */
  void abandon() {
    giveBudgetBack();
    if (put != null) {
      put.abandon();
    }
  }

  private void giveBudgetBack() {
    TransactionBudget budget = call.server().transactionBudget();
    budget.givePayload(payloadBytes);
    budget.giveArguments(argumentBytes);
  }
}
