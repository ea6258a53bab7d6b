package io.larder.node.server.command;

/** MULTI, EXEC, DISCARD and WATCH. */
final class TransactionCommands {
  private TransactionCommands() {}

  static Answer multi(Call call) {
    return call.session().transaction().begin();
  }

  static Answer exec(Call call) {
    return call.session().transaction().execute();
  }

  static Answer discard(Call call) {
    Transaction transaction = call.session().transaction();
    if (!transaction.isOpen()) {
      return Answer.error("ERR DISCARD without MULTI");
    }
    transaction.close();
    return Answer.OK;
  }

  /** Refuses: a value never changes under its key, and deletes are not watched. */
  static Answer watch(Call call) {
    return Answer.error(
        "ERR WATCH is not supported: a value never changes under its key; use SET with NX, or"
            + " KV.LEASE");
  }
}
