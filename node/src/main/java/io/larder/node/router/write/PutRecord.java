package io.larder.node.router.write;

import io.larder.node.block.Block;
import io.larder.node.directory.CommitDecision;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.holder.Claim;
import io.larder.node.service.Member;
import io.larder.node.service.PutOutcome;
import io.larder.node.service.Refusal;
import io.larder.node.store.WrittenRecord;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The record of one put, from the grant on: it is written, claimed at the slot's owner, and
 * published or discarded; or it is withdrawn when the put's wait ends first. Thread-safe.
 */
final class PutRecord extends Claim {
  private final PutContext context;
  private final Put put;
  private final Block value;

  /** The outcome after the owner's refusal, while the record's tombstone is not durable. */
  private volatile @Nullable PutOutcome refusedAs;

  /** This node's incarnation in the last commit. */
  private volatile Member committer;

  private int fillMark;

  PutRecord(PutContext context, Put put, Block value) {
    super(context.cluster(), put.key.ref(), context.pending(), context.timing());
    this.context = context;
    this.put = put;
    this.value = value;
    this.committer = cluster.self();
  }

  void write() {
    Futures.finish(context.store().write(put.key, value), this::written);
  }

  private void written(@Nullable WrittenRecord written, @Nullable Throwable failure) {
    if (written != null) {
      put.extendDeadline();
      begin(written);
      return;
    }
    pending.end(key);
    if (decide()) {
      Futures.go(context.leases().abort(put.key, value.id()));
    }
    put.fail(
        Refusal.NOT_WRITTEN,
        "ERR the device did not take the value, nothing was stored: " + Futures.reason(failure));
  }

  // ---- the claim ----

  @Override
  protected PeerRequest<CommitDecision> question(Member self, WrittenRecord written) {
    fillMark = context.hot().fillMark(put.key);
    committer = self;
    return new PeerRequest.Commit(key, value.id(), self, written.stamp(), value.expiresAtMs());
  }

  @Override
  protected boolean carryOut(long epoch, BooleanSupplier isStill, Runnable consequence) {
    return context.openPuts().settle(key.slot(), value.id(), epoch, isStill, consequence);
  }

  @Override
  protected void undecided(boolean answered) {
    if (!answered && !cluster.isOwnerReachable(key.slot())) {
      put.endWait(); // no other node has the slot in the time that is left
    }
    context.metrics().claimedAgain();
  }

  @Override
  protected void stored() {
    context.withdrawals().stored(key);
    if (put.takePayload()) {
      context.hot().put(put.key, value, false, fillMark);
      context.metrics().put(PutOutcome.STORED, put.payload.length());
      put.payload.release();
    }
    put.end(PutOutcome.STORED);
  }

  @Override
  protected void refused(boolean exists) {
    PutOutcome outcome = exists ? PutOutcome.EXISTS : PutOutcome.HELD;
    put.account(outcome);
    refusedAs = outcome;
  }

  @Override
  protected void discarded() {
    PutOutcome outcome = refusedAs;
    if (outcome != null) {
      put.end(outcome);
    }
  }

  // ---- the late end ----

  void endWait() {
    PutOutcome refusal = refusedAs;
    if (put.options.droppable()) {
      if (refusal != null) {
        put.end(refusal);
      } else {
        withdraw();
      }
    } else if (record() != null) {
      put.fail(
          Refusal.UNSETTLED,
          "TIMEOUT it is not settled in time whether slot "
              + key.slot()
              + " takes the put; it may come true later");
    }
  }

  private void withdraw() {
    if (!decide()) {
      return; // the owner's decision is being carried out
    }
    WrittenRecord written = record();
    context.withdrawals().add(key, value.id(), committer, written == null ? 0 : written.stamp());
    context.openPuts().ended(key.slot(), value.id());
    if (written != null) {
      discard(written);
    }
    put.fail(
        Refusal.UNSETTLED,
        "TIMEOUT it was not settled in time whether slot "
            + key.slot()
            + " takes the put: nothing was stored");
  }
}
