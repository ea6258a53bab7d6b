package io.larder.node.server.command;

/** Why a connection or a request was turned away. */
public enum Rejection {
  TOO_MANY_CONNECTIONS,
  PROTOCOL,
  TLS,
  NO_AUTH,
  TOO_LARGE,
  REQUEST_BUDGET,
  MEMORY_WAIT,
  SLOW_PUT,
  SLOW_READER,
  SLOW_REQUEST,
  IDLE,
  COMMAND_TIMEOUT,
  BROKEN_BLOCK
}
