package io.larder.node.server.command;

/** How a command ended. */
public enum Outcome {
  OK,
  HIT,
  MISS,
  STORED,
  EXISTS,
  HELD,
  DROPPED,
  ERROR
}
