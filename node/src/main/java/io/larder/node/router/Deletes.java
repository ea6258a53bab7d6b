package io.larder.node.router;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.directory.VoidedPuts.Voided;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The owner's side of a delete: waits for the holder's durable tombstone, has every node drop its
 * copies from memory, then forgets the key. A key whose holder is away counts as absent; what every
 * value of it up to now is, void, is noted on all nodes, and a node that brings one back drops it.
 * Thread-safe; never blocks.
 */
final class Deletes {
  /** How long a holder may take for a durable tombstone. */
  static final long DROP_DEADLINE_MS = 2_000;

  /** How long a deletion waits until it can be decided about, as long as a put does. */
  static final long PATIENCE_MS = Writes.UNDECIDED_WAIT_MS;

  /** How long the other nodes may take to drop copies from memory. */
  static final long INVALIDATE_DEADLINE_MS = 500;

  private static final long RETRY_MS = 10;

  private final Cluster cluster;
  private final Directory directory;
  private final VoidedPuts voided;
  private final Announcer announcer;
  private final Timing timing;

  Deletes(
      Cluster cluster, Directory directory, VoidedPuts voided, Announcer announcer, Timing timing) {
    this.cluster = cluster;
    this.directory = directory;
    this.voided = voided;
    this.announcer = announcer;
    this.timing = timing;
  }

  /** Answers 1 if the key was there and is deleted, 0 if there was nothing that can be had. */
  CompletableFuture<Integer> delete(PeerRequest.Delete delete) {
    return delete(delete, timing.deadline(PATIENCE_MS));
  }

  private CompletableFuture<Integer> delete(PeerRequest.Delete delete, long deadlineNanos) {
    return noneArrives(delete.key()).thenCompose(_ -> deleteEntry(delete, deadlineNanos));
  }

  /** Asks the nodes that a copy was on its way to, whether it still is; then the delete fails. */
  private CompletableFuture<?> noneArrives(KeyRef key) {
    int slot = key.slot();
    long epoch = directory.epoch(slot);
    List<CompletableFuture<?>> asked = new ArrayList<>();
    directory
        .arrivingTo(key)
        .forEach((member, number) ->
            asked.add(
                cluster
                    .ask(member, new PeerRequest.IsArriving(key), INVALIDATE_DEADLINE_MS)
                    .thenAccept(arrives -> {
                      if (arrives) {
                        throw new PeerException(
                            "the key is being moved to node " + member.nodeId() + " just now");
                      }
                      directory.arrived(key, epoch, member, number);
                    })));
    return Futures.all(asked);
  }

  /** What cannot be decided now is tried again: as while another client deletes the same key. */
  private CompletableFuture<Integer> deleteEntry(PeerRequest.Delete delete, long deadlineNanos) {
    KeyRef key = delete.key();
    long epoch = directory.epoch(key.slot());
    // Asked before the key is looked up: what is announced in between is then found, or unheard of.
    boolean unheardOf = cluster.isSomeoneAway() || announcer.isOwed();
    return switch (directory.beginDelete(key, delete.only())) {
      case Lookup.Absent _ -> absent(delete, epoch, unheardOf, deadlineNanos);
      case Lookup.Found entry -> drop(key, entry, epoch);
      case Lookup.Unknown _ -> {
        if (timing.nowNanos() >= deadlineNanos) {
          yield CompletableFuture.failedFuture(
              new PeerException(
                  "the owner of slot " + key.slot() + " cannot decide about deletes just now"));
        }
        yield Futures.after(RETRY_MS, timing.control(), () -> delete(delete, deadlineNanos));
      }
    };
  }

  /**
   * The key has no value that is known here.
   *
   * @param unheardOf whether a node may hold one all the same, and memories have copies of it
   */
  private CompletableFuture<Integer> absent(
      PeerRequest.Delete delete, long epoch, boolean unheardOf, long deadlineNanos) {
    KeyRef key = delete.key();
    boolean mayReturn =
        (delete.only() == null && (unheardOf || delete.gaveUp()))
            || directory.mayReturn(key, delete.only(), cluster::isReachable);
    if (!mayReturn) {
      return CompletableFuture.completedFuture(0);
    }
    return voidAll(key, epoch)
        .thenCompose(_ ->
            directory.lookup(key) instanceof Lookup.Found
                ? delete(delete, deadlineNanos) // announced before the note was there
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
                    DROP_DEADLINE_MS)
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
      // Dropped before, or the holder has started anew: not to be guessed.
      announcer.repair(holder, List.of(key.slot()));
      return CompletableFuture.failedFuture(
          new PeerException(
              "node " + holder.nodeId() + " has another record of the key than known"));
    }
    boolean mayReturn = cluster.isSomeoneAway(); // with a copy that was there before
    return (mayReturn ? voidAll(key, epoch) : invalidate(key)).thenApply(_ -> 1);
  }

  /** The holder cannot be reached: what it holds is void, and it will hear so. */
  private CompletableFuture<Integer> away(KeyRef key, Lookup.Found entry, long epoch) {
    return voidAll(key, epoch)
        .thenApply(_ -> {
          announcer.repair(entry.holder(), List.of(key.slot()));
          return 0;
        });
  }

  /**
   * The count, if this node is the owner still: a later one may know of a copy that it does not.
   */
  private int counted(KeyRef key, long epoch, int count) {
    if (!directory.mayAct(key.slot(), epoch)) {
      throw new PeerException("slot " + key.slot() + " changes its owner");
    }
    return count;
  }

  private PutToken note(KeyRef key, long epoch) {
    PutToken upTo = directory.latestToken(epoch);
    boolean _ = voided.add(new Voided(key, upTo));
    return upTo;
  }

  /**
   * Tells every node that the key's values up to now are void, and waits for those it can reach.
   */
  private CompletableFuture<?> voidAll(KeyRef key, long epoch) {
    PutToken upTo = note(key, epoch);
    return tellAll(new PeerRequest.VoidPuts(key, upTo));
  }

  /** Drops copies from every node's memory; a node that does not answer keeps them 60 s at most. */
  private CompletableFuture<?> invalidate(KeyRef key) {
    return tellAll(new PeerRequest.Invalidate(key));
  }

  private CompletableFuture<?> tellAll(PeerRequest<Boolean> word) {
    List<CompletableFuture<?>> told = new ArrayList<>();
    for (Member member : cluster.live()) {
      CompletableFuture<Boolean> heard =
          cluster.ask(member, word, INVALIDATE_DEADLINE_MS).exceptionally(_ -> false);
      if (cluster.isReachable(member)) {
        told.add(heard);
      }
    }
    return Futures.all(told);
  }
}
