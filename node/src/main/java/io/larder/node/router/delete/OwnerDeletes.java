package io.larder.node.router.delete;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.directory.VoidedPuts.Voided;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.announce.Announcer;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The owner's side of a delete: waits for the holder's durable tombstone, has every node drop its
 * copies from memory, then forgets the key. A key whose holder is away counts as absent: all nodes
 * note that every value of it up to now is void, and a node that brings one back drops it.
 * Thread-safe; never blocks.
 */
public final class OwnerDeletes {
  private final Cluster cluster;
  private final Directory directory;
  private final VoidedPuts voided;
  private final Announcer announcer;
  private final Timing timing;

  public OwnerDeletes(
      Cluster cluster, Directory directory, VoidedPuts voided, Announcer announcer, Timing timing) {
    this.cluster = cluster;
    this.directory = directory;
    this.voided = voided;
    this.announcer = announcer;
    this.timing = timing;
  }

  /** Answers 1 if the key was there and is deleted, 0 if no value of it was available. */
  public CompletableFuture<Integer> delete(PeerRequest.Delete delete) {
    return delete(delete, timing.deadline(timing.deadlines().undecidedMs()));
  }

  private CompletableFuture<Integer> delete(PeerRequest.Delete delete, long deadlineNanos) {
    return checkArrivals(delete.key()).thenCompose(_ -> deleteEntry(delete, deadlineNanos));
  }

  /** Asks the nodes at which a copy was arriving; fails if one still is. */
  private CompletableFuture<?> checkArrivals(KeyRef key) {
    int slot = key.slot();
    long epoch = directory.epoch(slot);
    List<CompletableFuture<?>> asked = new ArrayList<>();
    directory
        .arrivingTo(key)
        .forEach((member, number) ->
            asked.add(
                cluster
                    .ask(member, new PeerRequest.IsArriving(key), timing.deadlines().invalidateMs())
                    .thenAccept(arrives -> {
                      if (arrives) {
                        throw new PeerException(
                            "the key is being moved to node " + member.nodeId());
                      }
                      directory.arrived(key, epoch, member, number);
                    })));
    return Futures.all(asked);
  }

  /** Retries while the owner cannot decide, as while another client deletes the same key. */
  private CompletableFuture<Integer> deleteEntry(PeerRequest.Delete delete, long deadlineNanos) {
    KeyRef key = delete.key();
    long epoch = directory.epoch(key.slot());
    // Before the lookup: a record that is announced in between is then either found or unknown.
    boolean unknownMayExist = cluster.isMemberAway() || announcer.isOwed();
    return switch (directory.beginDelete(key, delete.only())) {
      case Lookup.Absent _ -> absent(delete, epoch, unknownMayExist, deadlineNanos);
      case Lookup.Found entry -> drop(key, entry, epoch);
      case Lookup.Unknown _ -> {
        if (timing.nowNanos() >= deadlineNanos) {
          yield CompletableFuture.failedFuture(
              new PeerException(
                  "the owner of slot " + key.slot() + " cannot decide about deletes now"));
        }
        yield timing.retry(timing.deadlines().deleteRetryMs(), () -> delete(delete, deadlineNanos));
      }
    };
  }

  /**
   * The directory knows no value of the key.
   *
   * @param unknownMayExist whether a node may hold one nevertheless, and memories copies of it
   */
  private CompletableFuture<Integer> absent(
      PeerRequest.Delete delete, long epoch, boolean unknownMayExist, long deadlineNanos) {
    KeyRef key = delete.key();
    boolean mayReturn =
        (delete.only() == null && (unknownMayExist || delete.gaveUp()))
            || directory.mayReturn(key, delete.only(), cluster::isReachable);
    if (!mayReturn) {
      return CompletableFuture.completedFuture(0);
    }
    return voidAll(key, epoch)
        .thenCompose(_ ->
            directory.lookup(key) instanceof Lookup.Found
                ? delete(delete, deadlineNanos) // announced before the note was taken
                : CompletableFuture.completedFuture(counted(key, epoch, 0)));
  }

  private CompletableFuture<Integer> drop(KeyRef key, Lookup.Found entry, long epoch) {
    Member holder = entry.holder();
    CompletableFuture<Integer> dropped =
        cluster.isReachable(holder)
            ? cluster
                .ask(
                    holder,
                    new PeerRequest.Drop(key, entry.stamp(), directory.order(epoch)),
                    timing.deadlines().dropMs())
                .thenCompose(done -> dropped(key, holder, epoch, done))
                .exceptionallyCompose(failure ->
                    cluster.isReachable(holder)
                        ? CompletableFuture.failedFuture(failure)
                        : away(key, entry, epoch))
            : away(key, entry, epoch);
    return dropped
        .whenComplete((_, failure) -> directory.endDelete(key, entry, failure == null))
        .thenApply(count -> counted(key, epoch, count));
  }

  private CompletableFuture<Integer> dropped(KeyRef key, Member holder, long epoch, boolean done) {
    if (!done) {
      // It was dropped before, or the holder has restarted; the announce will show.
      announcer.repair(holder, List.of(key.slot()));
      return CompletableFuture.failedFuture(
          new PeerException(
              "node " + holder.nodeId() + " has another record of the key than the directory"));
    }
    boolean mayReturn = cluster.isMemberAway(); // perhaps with an earlier copy
    return (mayReturn ? voidAll(key, epoch) : invalidate(key)).thenApply(_ -> 1);
  }

  /** The holder cannot be reached: its record is void, which the next announce tells it. */
  private CompletableFuture<Integer> away(KeyRef key, Lookup.Found entry, long epoch) {
    return voidAll(key, epoch)
        .thenApply(_ -> {
          announcer.repair(entry.holder(), List.of(key.slot()));
          return 0;
        });
  }

  /**
   * The count, if this node still is the owner: a later owner may know of a copy that this one does
   * not.
   */
  private int counted(KeyRef key, long epoch, int count) {
    if (!directory.mayAct(key.slot(), epoch)) {
      throw new PeerException("slot " + key.slot() + " changes its owner");
    }
    return count;
  }

  private PutToken note(KeyRef key, long epoch) {
    PutToken upTo = directory.latestToken(epoch);
    voided.add(new Voided(key, upTo));
    return upTo;
  }

  /**
   * Tells every node that the key's values up to now are void, and waits for the reachable nodes.
   */
  private CompletableFuture<?> voidAll(KeyRef key, long epoch) {
    PutToken upTo = note(key, epoch);
    return tellAll(new PeerRequest.VoidPuts(key, upTo));
  }

  /** Drops copies from every node's memory; a node that is not reached keeps them 60 s at most. */
  private CompletableFuture<?> invalidate(KeyRef key) {
    return tellAll(new PeerRequest.Invalidate(key));
  }

  private CompletableFuture<?> tellAll(PeerRequest<Boolean> request) {
    List<CompletableFuture<?>> told = new ArrayList<>();
    for (Member member : cluster.live()) {
      CompletableFuture<Boolean> heard =
          cluster.ask(member, request, timing.deadlines().invalidateMs()).exceptionally(_ -> false);
      if (cluster.isReachable(member)) {
        told.add(heard);
      }
    }
    return Futures.all(told);
  }
}
