package io.larder.node.router.peer;

import io.larder.node.peer.PeerRequest;
import io.larder.node.router.holder.HolderAnswers;
import io.larder.node.router.move.Arrivals;
import io.larder.node.router.write.Leases;
import java.util.concurrent.CompletableFuture;

/**
 * This node's answers to the nodes of its cluster, itself included: as the owner of slots, as the
 * holder of records, as a writer that waits. Thread-safe; never blocks.
 */
public final class PeerAnswers {
  private final OwnerAnswers owner;
  private final HolderAnswers holder;
  private final Leases leases;
  private final Arrivals arrivals;

  public PeerAnswers(OwnerAnswers owner, HolderAnswers holder, Leases leases, Arrivals arrivals) {
    this.owner = owner;
    this.holder = holder;
    this.leases = leases;
    this.arrivals = arrivals;
  }

  /** The answer's type is the request's; see {@link PeerRequest}. */
  public CompletableFuture<?> answer(PeerRequest<?> request) {
    return switch (request) {
      case PeerRequest.Lease lease -> done(owner.lease(lease));
      case PeerRequest.Withdraw withdraw -> done(owner.withdraw(withdraw));
      case PeerRequest.Commit commit -> done(owner.commit(commit));
      case PeerRequest.Abort abort -> done(owner.abort(abort));
      case PeerRequest.Find find -> done(owner.find(find));
      case PeerRequest.IsOpen isOpen -> done(owner.isOpen(isOpen));
      case PeerRequest.Revoke revoke -> owner.revoke(revoke);
      case PeerRequest.Delete delete -> owner.delete(delete);
      case PeerRequest.Forget forget -> done(owner.forget(forget));
      case PeerRequest.Gone gone -> owner.gone(gone);
      case PeerRequest.Compare compare -> done(owner.compare(compare));
      case PeerRequest.Arrive arrive -> done(owner.arrive(arrive));
      case PeerRequest.Transfer transfer -> done(owner.transfer(transfer));
      case PeerRequest.Settle settle -> owner.settle(settle);
      case PeerRequest.Announce announce -> done(holder.announce(announce));
      case PeerRequest.Confirm confirm -> holder.confirm(confirm);
      case PeerRequest.IsArriving isArriving -> done(holder.isArriving(isArriving));
      case PeerRequest.Drop drop -> holder.drop(drop);
      case PeerRequest.Pin pin -> holder.pin(pin);
      case PeerRequest.VoidPuts voided -> holder.voidPuts(voided);
      case PeerRequest.Invalidate invalidate -> done(holder.invalidate(invalidate));
      case PeerRequest.Take take -> arrivals.take(take);
      case PeerRequest.Wake wake -> done(leases.wake(wake.request(), wake.answer()));
    };
  }

  private static <T> CompletableFuture<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }
}
