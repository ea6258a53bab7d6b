package io.larder.node.simulation;

/** What a simulation's surroundings break on purpose, to show that it would be noticed. */
enum Broken {
  /** Nothing: the cluster as it is. */
  NOTHING,

  /** An owner acts whether or not its session may have ended. */
  FENCE,

  /** A node that is told which values of a key are void says that they are gone, and keeps them. */
  VOIDING,

  /** Discarding a record writes no tombstone: it comes back when the node starts again. */
  DISCARD
}
