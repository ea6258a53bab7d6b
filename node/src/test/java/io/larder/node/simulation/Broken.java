package io.larder.node.simulation;

/** What a simulation's surroundings break on purpose, to show that it would be noticed. */
enum Broken {
  /** Nothing: the cluster as it is. */
  NOTHING,

  /** An owner acts whether or not its session may have ended. */
  FENCE,

  /** Discarding a record writes no tombstone: it comes back when the node starts again. */
  DISCARD
}
