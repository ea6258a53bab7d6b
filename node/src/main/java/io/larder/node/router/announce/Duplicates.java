package io.larder.node.router.announce;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.CompletableFuture;

/**
 * The owner's rule for a key that two nodes hold: the copy that the directory does not name is
 * dropped, but only after the named holder has just confirmed its own. One settlement per key at a
 * time; holders obey orders of the newest owner only, so two settlements never drop both copies.
 * Thread-safe.
 */
public final class Duplicates {
  private final Cluster cluster;
  private final Directory directory;
  private final Counter drops;

  public Duplicates(Cluster cluster, Directory directory, MeterRegistry registry) {
    this.cluster = cluster;
    this.directory = directory;
    this.drops =
        Counter.builder("larder.duplicates.dropped")
            .description("Second copies dropped after the first was confirmed")
            .register(registry);
  }

  /**
   * Settles a copy that a node has besides the one that the directory names.
   *
   * @return true when that copy was dropped; false when it stays, and if it still is a duplicate,
   *     the next comparison finds it again. Never fails
   */
  public CompletableFuture<Boolean> settle(KeyRef key, Lookup.Found second) {
    int slot = key.slot();
    long epoch = directory.epoch(slot);
    Lookup.Found first = directory.beginSettlement(key, second);
    if (first == null) {
      return CompletableFuture.completedFuture(false);
    }
    return cluster
        .ask(first.holder(), new PeerRequest.Confirm(key, first.stamp(), directory.order(epoch)))
        .thenCompose(confirmed -> {
          if (!confirmed) {
            return CompletableFuture.completedFuture(replace(key, epoch, first, second));
          }
          directory.confirmed(key, epoch);
          if (!directory.mayAct(slot, epoch)) {
            throw new PeerException("this node no longer owns slot " + slot);
          }
          return cluster
              .ask(
                  second.holder(),
                  new PeerRequest.Drop(key, second.stamp(), directory.order(epoch)),
                  cluster.deadlines().dropMs())
              .thenApply(dropped -> {
                if (dropped) {
                  drops.increment();
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

  /** The named holder has no such record: the second copy becomes the key's one copy. */
  private boolean replace(KeyRef key, long epoch, Lookup.Found first, Lookup.Found second) {
    directory.forget(key, first.holder(), first.stamp());
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
