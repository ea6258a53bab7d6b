package io.larder.node.router.peer;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.Waiter;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.announce.Announcer;
import io.larder.node.router.announce.Duplicates;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.delete.OwnerDeletes;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** This node's answers as the owner of slots, out of the directory. Thread-safe; never blocks. */
public final class OwnerAnswers {
  private final Cluster cluster;
  private final Directory directory;
  private final Announcer announcer;
  private final Duplicates duplicates;
  private final OwnerDeletes deletes;
  private final Timing timing;

  public OwnerAnswers(
      Cluster cluster,
      Directory directory,
      Announcer announcer,
      Duplicates duplicates,
      OwnerDeletes deletes,
      Timing timing) {
    this.cluster = cluster;
    this.directory = directory;
    this.announcer = announcer;
    this.duplicates = duplicates;
    this.deletes = deletes;
    this.timing = timing;
  }

  // ---- put-leases ----

  List<LeaseAnswer> lease(PeerRequest.Lease lease) {
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
            .ask(writer, new PeerRequest.Wake(request, answer))
            .exceptionally(_ -> false)
            .thenAccept(taken -> {
              if (!taken && answer instanceof LeaseAnswer.Granted granted) {
                directory.abort(key, granted.token());
              }
            }));
  }

  boolean withdraw(PeerRequest.Withdraw withdraw) {
    return directory.withdraw(withdraw.key(), withdraw.writer(), withdraw.request());
  }

  boolean abort(PeerRequest.Abort abort) {
    return directory.abort(abort.key(), abort.token());
  }

  boolean isOpen(PeerRequest.IsOpen isOpen) {
    return isOpen.token().equals(directory.openToken(isOpen.key()));
  }

  CommitDecision commit(PeerRequest.Commit commit) {
    return directory.commit(
        commit.key(), commit.token(), commit.holder(), commit.stamp(), commit.expiresAtMs());
  }

  CompletableFuture<Boolean> revoke(PeerRequest.Revoke revoke) {
    KeyRef key = revoke.key();
    return directory.revoke(key, revoke.token(), revoke.holder(), revoke.stamp())
        ? CompletableFuture.completedFuture(true)
        : CompletableFuture.failedFuture(
            new PeerException("this node does not own slot " + key.slot()));
  }

  // ---- entries ----

  List<Lookup> find(PeerRequest.Find find) {
    return find.keys().stream().map(directory::lookup).toList();
  }

  CompletableFuture<Integer> delete(PeerRequest.Delete delete) {
    return deletes.delete(delete);
  }

  boolean forget(PeerRequest.Forget forget) {
    for (RecordRef record : forget.records()) {
      directory.forget(record.key(), forget.holder(), record.stamp());
    }
    return true;
  }

  /** Forgets an entry whose holder, asked again, does not have the record. */
  CompletableFuture<Boolean> gone(PeerRequest.Gone gone) {
    var question = directory.order(directory.epoch(gone.key().slot()));
    return cluster
        .ask(
            gone.holder(),
            new PeerRequest.Confirm(gone.key(), gone.stamp(), question),
            timing.deadlines().lookupMs())
        .thenApply(
            stillThere -> !stillThere && directory.forget(gone.key(), gone.holder(), gone.stamp()));
  }

  boolean compare(PeerRequest.Compare compare) {
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

  // ---- moves ----

  CommitDecision arrive(PeerRequest.Arrive arrive) {
    return directory.arrive(arrive.key(), arrive.from(), arrive.fromStamp(), arrive.to());
  }

  CommitDecision transfer(PeerRequest.Transfer transfer) {
    return directory.transfer(
        transfer.key(),
        transfer.from(),
        transfer.fromStamp(),
        transfer.to(),
        transfer.toStamp(),
        transfer.expiresAtMs());
  }

  CompletableFuture<Boolean> settle(PeerRequest.Settle settle) {
    return duplicates.settle(
        settle.key(), new Lookup.Found(settle.holder(), settle.stamp(), settle.expiresAtMs()));
  }
}
