package io.larder.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A run's view of a cluster beside its caches; the run may have started the cluster or not. Answers
 * leave out nodes that do not answer, because a busy node may be slow: the run judges that.
 */
public interface Cluster {
  /** The number of nodes. */
  int nodes();

  /** The client of an inference server that stands beside node {@code index mod nodes()}. */
  BlockCache attach(int index);

  /** How many nodes hold each key on their own devices, by query of every node. */
  Holders holders(List<String> keys) throws InterruptedException;

  /** The accounts of the nodes that answer. */
  List<NodeAccounts.Account> accounts() throws InterruptedException;

  /**
   * Whether every member that has not {@link #ended} answers, and every slot has an owner that
   * grants.
   */
  boolean isSettled() throws InterruptedException;

  /** The members that have ended, for which runs do not wait. */
  Set<String> ended();

  /** Puts of plain sessions that were accepted and dropped since the nodes started, by reason. */
  Map<String, Long> droppedPuts() throws InterruptedException;
}
