package io.larder.node.router;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.Waiter;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What this node answers to the nodes of its cluster, itself included: as owner of slots out of the
 * directory, as holder out of the store, as waiter out of its leases. Thread-safe; never blocks.
 */
final class PeerService {
  private final Cluster cluster;
  private final Directory directory;
  private final OpenPuts openPuts;
  private final Leases leases;
  private final BlockStore store;
  private final HotTier hot;
  private final Announcer announcer;
  private final Duplicates duplicates;
  private final Arrivals arrivals;
  private final Deletes deletes;
  private final Holder holder;
  private final Timing timing;

  PeerService(
      Cluster cluster,
      Directory directory,
      OpenPuts openPuts,
      Leases leases,
      BlockStore store,
      HotTier hot,
      Announcer announcer,
      Duplicates duplicates,
      Arrivals arrivals,
      Deletes deletes,
      Holder holder,
      Timing timing) {
    this.cluster = cluster;
    this.directory = directory;
    this.openPuts = openPuts;
    this.leases = leases;
    this.store = store;
    this.hot = hot;
    this.announcer = announcer;
    this.duplicates = duplicates;
    this.arrivals = arrivals;
    this.deletes = deletes;
    this.holder = holder;
    this.timing = timing;
  }

  /** The answer's type is the request's; see {@link PeerRequest}. */
  CompletableFuture<?> answer(PeerRequest<?> request) {
    return switch (request) {
      case PeerRequest.Lease lease -> done(lease(lease));
      case PeerRequest.Withdraw withdraw ->
          done(directory.withdraw(withdraw.key(), withdraw.writer(), withdraw.request()));
      case PeerRequest.Commit commit ->
          done(
              directory.commit(
                  commit.key(),
                  commit.token(),
                  commit.holder(),
                  commit.stamp(),
                  commit.expiresAtMs()));
      case PeerRequest.Abort abort -> done(directory.abort(abort.key(), abort.token()));
      case PeerRequest.Find find -> done(find(find.keys()));
      case PeerRequest.IsOpen isOpen ->
          done(isOpen.token().equals(directory.openToken(isOpen.key())));
      case PeerRequest.Revoke revoke -> revoke(revoke);
      case PeerRequest.Delete delete -> deletes.delete(delete);
      case PeerRequest.Forget forget -> done(forget(forget));
      case PeerRequest.Gone gone -> gone(gone);
      case PeerRequest.Compare compare -> done(compare(compare));
      case PeerRequest.Announce announce -> done(holder.announce(announce));
      case PeerRequest.Wake wake -> done(leases.wake(wake.request(), wake.answer()));
      case PeerRequest.Confirm confirm -> holder.confirm(confirm);
      case PeerRequest.Drop drop -> holder.drop(drop);
      case PeerRequest.Pin pin -> store.pin(pin.key().slot(), pin.key().fingerprint(), pin.on());
      case PeerRequest.VoidPuts voided -> holder.voidPuts(voided);
      case PeerRequest.Invalidate invalidate -> {
        hot.invalidate(invalidate.key().fingerprint());
        yield done(true);
      }
      case PeerRequest.Arrive arrive ->
          done(directory.arrive(arrive.key(), arrive.from(), arrive.fromStamp(), arrive.to()));
      case PeerRequest.IsArriving isArriving -> done(openPuts.isArriving(isArriving.key()));
      case PeerRequest.Transfer transfer ->
          done(
              directory.transfer(
                  transfer.key(),
                  transfer.from(),
                  transfer.fromStamp(),
                  transfer.to(),
                  transfer.toStamp(),
                  transfer.expiresAtMs()));
      case PeerRequest.Settle settle ->
          duplicates.settle(
              settle.key(),
              new Lookup.Found(settle.holder(), settle.stamp(), settle.expiresAtMs()));
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
      answers.add(directory.lease(key, lease.writer(), request, lease.leaseMs(), waiter));
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
                directory.abort(key, granted.token());
              }
            }));
  }

  private List<Lookup> find(List<KeyRef> keys) {
    List<Lookup> found = new ArrayList<>(keys.size());
    for (KeyRef key : keys) {
      found.add(directory.lookup(key));
    }
    return found;
  }

  private CompletableFuture<Boolean> revoke(PeerRequest.Revoke revoke) {
    KeyRef key = revoke.key();
    return directory.revoke(key, revoke.token(), revoke.holder(), revoke.stamp())
        ? done(true)
        : CompletableFuture.failedFuture(
            new PeerException("this node does not own slot " + key.slot()));
  }

  private boolean forget(PeerRequest.Forget forget) {
    for (RecordRef record : forget.records()) {
      directory.forget(record.key(), forget.holder(), record.stamp());
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
        .thenApply(
            stillThere -> !stillThere && directory.forget(gone.key(), gone.holder(), gone.stamp()));
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

  private static <T> CompletableFuture<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }
}
