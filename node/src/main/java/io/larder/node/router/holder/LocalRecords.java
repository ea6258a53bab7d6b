package io.larder.node.router.holder;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.OpenPuts;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.store.BlockStore;

/** The records on this node's device that may be read. Thread-safe. */
public final class LocalRecords {
  private final Cluster cluster;
  private final BlockStore store;
  private final OpenPuts openPuts;
  private final Withdrawals withdrawals;
  private final HolderAnswers holder;

  public LocalRecords(
      Cluster cluster,
      BlockStore store,
      OpenPuts openPuts,
      Withdrawals withdrawals,
      HolderAnswers holder) {
    this.cluster = cluster;
    this.store = store;
    this.openPuts = openPuts;
    this.withdrawals = withdrawals;
    this.holder = holder;
  }

  /**
   * The stamp of the key's record that may be read, or 0. A record may not be read if its put was
   * withdrawn or if it may be void; nor, before this process has announced the slot to its owner,
   * if it may have been deleted while this node was away.
   */
  public long readable(KeyRef key) {
    long stamp = store.find(key.slot(), key.fingerprint());
    return stamp == 0
            || isHidden(key)
            || (!openPuts.hasAnnounced(key.slot()) && cluster.isOwnerReachable(key.slot()))
        ? 0
        : stamp;
  }

  /** Whether the key is absent on this node, whatever device and memory have of it. */
  public boolean isHidden(KeyRef key) {
    return withdrawals.hides(key) || holder.hides(key);
  }
}
