package io.larder.node.server.command;

import io.larder.node.service.ServiceException;

/** Executes a command. */
@FunctionalInterface
interface Handler {
  /**
   * Runs on the connection's event loop and does not block.
   *
   * @throws ServiceException whose message is the reply
   * @throws IllegalArgumentException whose message, after ERR, is the reply
   */
  Answer run(Call call);
}
