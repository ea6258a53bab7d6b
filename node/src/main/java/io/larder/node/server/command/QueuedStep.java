package io.larder.node.server.command;

/**
 * A command between MULTI and EXEC, with the memory it has taken of the budget.
 *
 * @param payloadBytes taken of the budget
 * @param argumentBytes taken of the budget
 */
record QueuedStep(Answer.Step step, TransactionBudget budget, long payloadBytes, long argumentBytes)
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
