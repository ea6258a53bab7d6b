package io.larder.node.server.command;

import org.jspecify.annotations.Nullable;

/**
 * A call with its handler.
 *
 * @param put the put that has arrived with the call; null for other commands
 */
record CommandStep(Call call, Handler handler, @Nullable ReceivedPut put) implements Answer.Step {
  // The memory that a queued command costs beside its arguments, and an argument beside its bytes.
  private static final int OVERHEAD_BYTES = 96;
  private static final int ARGUMENT_OVERHEAD_BYTES = 32;

  @Override
  public CommandSpec spec() {
    return call.spec();
  }

  @Override
  public ErrorAnswer onError() {
    return call.onError();
  }

  /** The memory its arguments occupy while it is queued, in bytes. */
  long weight() {
    long weight = OVERHEAD_BYTES;
    for (int i = 0; i < call.count(); i++) {
      weight += call.arguments()[i].length + ARGUMENT_OVERHEAD_BYTES;
    }
    return weight;
  }

  @Override
  public Answer run() {
    try {
      return put == null ? handler.run(call) : put.store(call);
    } catch (RuntimeException e) {
      return call.context().failures().answer(e);
    }
  }

  @Override
  public void abandon() {
    if (put != null) {
      put.abandon();
    }
  }
}
