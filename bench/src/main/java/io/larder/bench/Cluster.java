package io.larder.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a run needs to know about a cluster beside its caches: it can be one that the run has
 * started or one that runs already. A node that does not answer is left out of an answer, since a
 * busy one may not answer now: what that means is for the run to judge.
 */
public interface Cluster {
  /** How many nodes there are. */
  int nodes();

  /** The client of an inference server that stands beside node {@code index mod nodes()}. */
  BlockCache attach(int index);

  /** How many nodes hold each key on their own devices. Asks every node, not the directory. */
  Holders holders(List<String> keys) throws InterruptedException;

  /** What those nodes that answer report of themselves. */
  List<NodeAccounts.Account> accounts() throws InterruptedException;

  /**
   * Whether every member that is not {@link #ended} answers, and every slot has an owner that
   * grants.
   */
  boolean isSettled() throws InterruptedException;

  /** The members that are known to be gone: they are not waited for. */
  Set<String> ended();

  /** Puts of plain sessions that were accepted and dropped since the nodes started, by reason. */
  Map<String, Long> droppedPuts() throws InterruptedException;
}
