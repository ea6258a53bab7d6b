package io.larder.node.router;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import java.util.concurrent.CompletableFuture;

/**
 * The owner's rule for a key that two nodes have: the copy that the directory does not name goes,
 * but only after the named holder has just confirmed its own. One settlement a key at a time; the
 * holders obey orders of the newest owner only, so two settlements never drop both. Thread-safe.
 */
final class Duplicates {
  private final Cluster cluster;
  private final Directory directory;
  private final RouterMetrics metrics;

  Duplicates(Cluster cluster, Directory directory, RouterMetrics metrics) {
    this.cluster = cluster;
    this.directory = directory;
    this.metrics = metrics;
  }

  /**
   * Settles that a node has a copy besides the one the directory names.
   *
   * @return true when that copy was dropped; false when it stays, and if it is a duplicate still,
   *     the next comparison brings it up again. Never fails
   */
  CompletableFuture<Boolean> settle(KeyRef key, Lookup.Found second) {
    int slot = key.slot();
    long epoch = directory.epoch(slot);
    Lookup.Found first = directory.beginSettlement(key, second);
    if (first == null) {
      return CompletableFuture.completedFuture(false);
    }
    return cluster
        .ask(
            first.holder(),
            new PeerRequest.Confirm(key, first.stamp(), directory.order(epoch)),
            Leases.ASK_DEADLINE_MS)
        .thenCompose(confirmed -> {
          if (!confirmed) {
            return CompletableFuture.completedFuture(replace(key, epoch, first, second));
          }
          directory.confirmed(key, epoch);
          if (!directory.mayAct(slot, epoch)) {
            throw new PeerException("this node is the owner of slot " + slot + " no longer");
          }
          return cluster
              .ask(
                  second.holder(),
                  new PeerRequest.Drop(key, second.stamp(), directory.order(epoch)),
                  Deletes.DROP_DEADLINE_MS)
              .thenApply(dropped -> {
                if (dropped) {
                  metrics.duplicatesDropped.increment();
                }
                directory.endSettlement(key, epoch, second, true);
                return dropped;
              });
        })
        .exceptionally(_ -> {
          directory.endSettlement(key, epoch, second, false);
          return false;
        });
  }

  /** The named holder has no such record: the second copy is the key's one. */
  private boolean replace(KeyRef key, long epoch, Lookup.Found first, Lookup.Found second) {
    directory.forget(key, first.holder(), first.stamp());
    var _ =
        directory.announced(
            key.slot(),
            epoch,
            key.fingerprint(),
            second.holder(),
            second.stamp(),
            second.expiresAtMs());
    return false;
  }
}
