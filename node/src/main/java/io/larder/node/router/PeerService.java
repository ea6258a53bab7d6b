package io.larder.node.router;

import io.larder.node.directory.Directory;
import io.larder.node.directory.LeaseAnswer;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.Member;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.Waiter;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerRequest.KeyRef;
import io.larder.node.store.BlockStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What this node answers to the nodes of its cluster, itself included: as owner of slots out of the
 * directory, as holder out of the store, as waiter out of its leases. Thread-safe; never blocks.
 */
final class PeerService {
  /** How long a holder may take for a durable tombstone. */
  static final long DROP_DEADLINE_MS = 2_000;

  /** How long a deletion waits until it can be decided about, as long as a put does. */
  static final long DELETE_PATIENCE_MS = Writes.UNDECIDED_WAIT_MS;

  private static final long DELETE_RETRY_MS = 10;

  /** How long the other nodes may take to drop copies from memory. */
  static final long INVALIDATE_DEADLINE_MS = 500;

  /** Records in one answer to an announce, about: one megabyte. */
  private static final int ANNOUNCED_RECORDS = 40_000;

  private final Cluster cluster;
  private final Directory directory;
  private final OpenPuts openPuts;
  private final Leases leases;
  private final BlockStore store;
  private final HotTier hot;
  private final PendingCommits pending;
  private final Announcer announcer;
  private final Duplicates duplicates;
  private final Arrivals arrivals;
  private final Set<PeerRequest.Dropped> dropping = ConcurrentHashMap.newKeySet();
  private final Timing timing;

  PeerService(
      Cluster cluster,
      Directory directory,
      OpenPuts openPuts,
      Leases leases,
      BlockStore store,
      HotTier hot,
      PendingCommits pending,
      Announcer announcer,
      Duplicates duplicates,
      Arrivals arrivals,
      Timing timing) {
    this.cluster = cluster;
    this.directory = directory;
    this.openPuts = openPuts;
    this.leases = leases;
    this.store = store;
    this.hot = hot;
    this.pending = pending;
    this.announcer = announcer;
    this.duplicates = duplicates;
    this.arrivals = arrivals;
    this.timing = timing;
  }

  /** The answer's type is the request's; see {@link PeerRequest}. */
  CompletableFuture<?> answer(PeerRequest<?> request) {
    return switch (request) {
      case PeerRequest.Lease lease -> done(lease(lease));
      case PeerRequest.Withdraw withdraw ->
          done(
              directory.withdraw(
                  withdraw.key().slot(),
                  withdraw.key().fingerprint(),
                  withdraw.writer(),
                  withdraw.request()));
      case PeerRequest.Commit commit ->
          done(
              directory.commit(
                  commit.key().slot(),
                  commit.key().fingerprint(),
                  commit.token(),
                  commit.holder(),
                  commit.stamp(),
                  commit.expiresAtMs()));
      case PeerRequest.Abort abort ->
          done(directory.abort(abort.key().slot(), abort.key().fingerprint(), abort.token()));
      case PeerRequest.Find find -> done(find(find.keys()));
      case PeerRequest.IsOpen isOpen ->
          done(
              isOpen
                  .token()
                  .equals(directory.openToken(isOpen.key().slot(), isOpen.key().fingerprint())));
      case PeerRequest.Delete delete -> delete(delete.key());
      case PeerRequest.Forget forget -> done(forget(forget));
      case PeerRequest.Gone gone -> gone(gone);
      case PeerRequest.Compare compare -> done(compare(compare));
      case PeerRequest.Announce announce -> done(announce(announce));
      case PeerRequest.Wake wake -> done(leases.wake(wake.request(), wake.answer()));
      case PeerRequest.Confirm confirm -> confirm(confirm);
      case PeerRequest.Drop drop -> drop(drop);
      case PeerRequest.Pin pin -> store.pin(pin.key().slot(), pin.key().fingerprint(), pin.on());
      case PeerRequest.Invalidate invalidate -> {
        hot.invalidate(invalidate.key().fingerprint());
        yield done(true);
      }
      case PeerRequest.Arrive arrive ->
          done(
              directory.arrive(
                  arrive.key().slot(),
                  arrive.key().fingerprint(),
                  arrive.from(),
                  arrive.fromStamp(),
                  arrive.to()));
      case PeerRequest.IsArriving isArriving ->
          done(openPuts.isArriving(isArriving.key().slot(), isArriving.key().fingerprint()));
      case PeerRequest.Transfer transfer ->
          done(
              directory.transfer(
                  transfer.key().slot(),
                  transfer.key().fingerprint(),
                  transfer.from(),
                  transfer.fromStamp(),
                  transfer.to(),
                  transfer.toStamp(),
                  transfer.expiresAtMs()));
      case PeerRequest.Settle settle ->
          duplicates.settle(settle.key(), settle.holder(), settle.stamp(), settle.expiresAtMs());
      case PeerRequest.Take take -> arrivals.take(take);
    };
  }

  // ---- as owner ----

  private List<LeaseAnswer> lease(PeerRequest.Lease lease) {
    List<LeaseAnswer> answers = new ArrayList<>(lease.keys().size());
    for (int i = 0; i < lease.keys().size(); i++) {
      KeyRef key = lease.keys().get(i);
      long request = lease.firstRequest() + i;
      Waiter waiter = null;
      if (lease.waitMs() > 0) {
        waiter =
            new Waiter(
                lease.writer(),
                request,
                lease.leaseMs(),
                timing.deadline(lease.waitMs()),
                answer -> wake(lease.writer(), key, request, answer));
      }
      answers.add(
          directory.lease(
              key.slot(), key.fingerprint(), lease.writer(), request, lease.leaseMs(), waiter));
    }
    return answers;
  }

  private void wake(Member writer, KeyRef key, long request, LeaseAnswer answer) {
    Futures.go(
        cluster
            .ask(writer, new PeerRequest.Wake(request, answer), Leases.ASK_DEADLINE_MS)
            .exceptionally(_ -> false)
            .thenAccept(taken -> {
              if (!taken && answer instanceof LeaseAnswer.Granted granted) {
                directory.abort(key.slot(), key.fingerprint(), granted.token());
              }
            }));
  }

  private List<Lookup> find(List<KeyRef> keys) {
    List<Lookup> found = new ArrayList<>(keys.size());
    for (KeyRef key : keys) {
      found.add(directory.lookup(key.slot(), key.fingerprint()));
    }
    return found;
  }

  private CompletableFuture<Integer> delete(KeyRef key) {
    return delete(key, timing.deadline(DELETE_PATIENCE_MS));
  }

  private CompletableFuture<Integer> delete(KeyRef key, long deadlineNanos) {
    return noneArrives(key).thenCompose(_ -> deleteEntry(key, deadlineNanos));
  }

  /** Asks the nodes that a copy was on its way to, whether it still is; then the delete fails. */
  private CompletableFuture<?> noneArrives(KeyRef key) {
    int slot = key.slot();
    long epoch = directory.epoch(slot);
    List<CompletableFuture<?>> asked = new ArrayList<>();
    directory
        .arrivingTo(slot, key.fingerprint())
        .forEach((member, number) ->
            asked.add(
                cluster
                    .ask(member, new PeerRequest.IsArriving(key), INVALIDATE_DEADLINE_MS)
                    .thenAccept(arrives -> {
                      if (arrives) {
                        throw new PeerException(
                            "the key is being moved to node " + member.nodeId() + " just now");
                      }
                      directory.arrived(slot, epoch, key.fingerprint(), member, number);
                    })));
    return Futures.all(asked);
  }

  /** What cannot be decided now is tried again: as while another client deletes the same key. */
  private CompletableFuture<Integer> deleteEntry(KeyRef key, long deadlineNanos) {
    return switch (directory.beginDelete(key.slot(), key.fingerprint())) {
      case Lookup.Absent _ -> CompletableFuture.completedFuture(0);
      case Lookup.Unknown _ -> {
        if (timing.nowNanos() >= deadlineNanos) {
          yield CompletableFuture.failedFuture(
              new PeerException(
                  "the owner of slot " + key.slot() + " cannot decide about deletes just now"));
        }
        CompletableFuture<Integer> later = new CompletableFuture<>();
        var _ =
            timing
                .control()
                .schedule(
                    () ->
                        Futures.finish(
                            delete(key, deadlineNanos),
                            (count, failure) -> {
                              boolean _ =
                                  failure == null
                                      ? later.complete(count)
                                      : later.completeExceptionally(failure);
                            }),
                    DELETE_RETRY_MS,
                    TimeUnit.MILLISECONDS);
        yield later;
      }
      case Lookup.Found entry -> {
        long epoch = directory.epoch(key.slot());
        var drop = new PeerRequest.Drop(key, entry.stamp(), directory.order(epoch));
        yield cluster
            .ask(entry.holder(), drop, DROP_DEADLINE_MS)
            .thenCompose(dropped -> {
              if (dropped) {
                return invalidate(key);
              }
              // Dropped before, or the holder has started anew: not to be guessed.
              announcer.repair(entry.holder(), List.of(key.slot()));
              throw new PeerException(
                  "node " + entry.holder().nodeId() + " has another record of the key than known");
            })
            .whenComplete((_, failure) ->
                directory.endDelete(key.slot(), key.fingerprint(), entry, failure == null))
            .thenApply(_ -> {
              // A later owner may know of a copy that this one has not heard of.
              if (!directory.mayAct(key.slot(), epoch)) {
                throw new PeerException("slot " + key.slot() + " changes its owner");
              }
              return 1;
            });
      }
    };
  }

  /** Drops copies from every node's memory; a node that does not answer keeps them 60 s at most. */
  private CompletableFuture<?> invalidate(KeyRef key) {
    List<CompletableFuture<?>> told = new ArrayList<>();
    for (Member member : cluster.live()) {
      told.add(
          cluster
              .ask(member, new PeerRequest.Invalidate(key), INVALIDATE_DEADLINE_MS)
              .exceptionally(_ -> false));
    }
    return Futures.all(told);
  }

  private boolean forget(PeerRequest.Forget forget) {
    for (PeerRequest.Dropped record : forget.records()) {
      directory.forget(
          record.key().slot(), record.key().fingerprint(), forget.holder(), record.stamp());
    }
    return true;
  }

  private CompletableFuture<Boolean> gone(PeerRequest.Gone gone) {
    return cluster
        .ask(
            gone.holder(),
            new PeerRequest.Confirm(
                gone.key(), gone.stamp(), directory.order(directory.epoch(gone.key().slot()))),
            Reads.LOOKUP_DEADLINE_MS)
        .thenApply(stillThere ->
            !stillThere
                && directory.forget(
                    gone.key().slot(), gone.key().fingerprint(), gone.holder(), gone.stamp()));
  }

  private boolean compare(PeerRequest.Compare compare) {
    List<Integer> differing = new ArrayList<>();
    for (PeerRequest.SlotSum sum : compare.sums()) {
      boolean mine = directory.epoch(sum.slot()) != 0;
      if (mine && !directory.summary(sum.slot(), compare.holder()).equals(sum.sum())) {
        differing.add(sum.slot());
      }
    }
    if (!differing.isEmpty()) {
      announcer.repair(compare.holder(), differing);
    }
    return differing.isEmpty();
  }

  // ---- as holder ----

  private List<PeerRequest.SlotAnnouncement> announce(PeerRequest.Announce announce) {
    List<PeerRequest.SlotAnnouncement> answers = new ArrayList<>();
    int records = 0;
    for (PeerRequest.SlotEpoch asked : announce.slots()) {
      if (records >= ANNOUNCED_RECORDS) {
        break;
      }
      var announcement = openPuts.announce(asked.slot(), asked.epoch(), () -> held(asked.slot()));
      if (announcement != null) { // else promised to a later epoch: the asker is behind
        records += announcement.held().size();
        answers.add(
            new PeerRequest.SlotAnnouncement(
                asked.slot(), announcement.held(), announcement.open(), announcement.arriving()));
      }
    }
    return answers;
  }

  private List<PeerRequest.Held> held(int slot) {
    List<PeerRequest.Held> held = new ArrayList<>();
    store.forEach(
        slot,
        (fingerprint, stamp, expiresAtMs) -> {
          if (!dropping.contains(new PeerRequest.Dropped(new KeyRef(slot, fingerprint), stamp))) {
            held.add(new PeerRequest.Held(fingerprint, stamp, expiresAtMs));
          }
        });
    return held;
  }

  private CompletableFuture<Boolean> confirm(PeerRequest.Confirm confirm) {
    KeyRef key = confirm.key();
    // Looked up before the store: a record is published before it stops pending.
    if (pending.holds(key, confirm.stamp())) {
      return CompletableFuture.failedFuture(
          new PeerException("the record waits for the answer to its commit")); // it may be refused
    }
    Boolean here =
        openPuts.confirm(
            key.slot(),
            confirm.question(),
            () ->
                store.find(key.slot(), key.fingerprint()) == confirm.stamp()
                    && !dropping.contains(new PeerRequest.Dropped(key, confirm.stamp())));
    return here == null ? newerOwner(key.slot()) : done(here);
  }

  /**
   * From the moment the order is obeyed the record is neither confirmed nor listed, whatever
   * becomes of its tombstone: else a later owner could count on it and have the other copy dropped.
   */
  private CompletableFuture<Boolean> drop(PeerRequest.Drop drop) {
    int slot = drop.key().slot();
    var record = new PeerRequest.Dropped(drop.key(), drop.stamp());
    if (!openPuts.obey(slot, drop.order(), () -> dropping.add(record))) {
      return newerOwner(slot);
    }
    CompletableFuture<?> answered = pending.settled(drop.key());
    // Accepted by the owner that orders, not yet published here: it is there to be dropped then.
    CompletableFuture<Boolean> dropped =
        answered != null && pending.holds(drop.key(), drop.stamp())
            ? Futures.within(answered, DROP_DEADLINE_MS / 2, timing.control())
                .thenCompose(_ -> delete(drop))
            : delete(drop);
    return dropped.whenComplete((_, _) -> {
      dropping.remove(record);
      hot.invalidate(drop.key().fingerprint());
    });
  }

  private CompletableFuture<Boolean> delete(PeerRequest.Drop drop) {
    return store.delete(drop.key().slot(), drop.key().fingerprint(), drop.stamp());
  }

  private static <T> CompletableFuture<T> newerOwner(int slot) {
    return CompletableFuture.failedFuture(
        new PeerException(
            "slot " + slot + " has had a newer word from its owner, or of a newer one"));
  }

  private static <T> CompletableFuture<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }
}
