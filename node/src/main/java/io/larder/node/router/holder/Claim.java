package io.larder.node.router.holder;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.CommitDecision;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.service.Member;
import io.larder.node.store.WrittenRecord;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A durable record on its way to being the key's one copy, or to being discarded: the owner of the
 * slot is asked until it decides, since the record must be neither kept nor dropped without its
 * decision. Thread-safe.
 */
public abstract class Claim {
  protected final Cluster cluster;
  protected final KeyRef key;
  protected final PendingCommits pending;
  private final Timing timing;

  /** Set once, by the owner's decision or by the withdrawal. */
  private final AtomicBoolean decided = new AtomicBoolean();

  private final AtomicBoolean discarded = new AtomicBoolean();
  private volatile @Nullable WrittenRecord record;
  private long pauseMs;
  private boolean published;

  protected Claim(Cluster cluster, KeyRef key, PendingCommits pending, Timing timing) {
    this.cluster = cluster;
    this.key = key;
    this.pending = pending;
    this.timing = timing;
    this.pauseMs = timing.deadlines().claim().firstMs();
  }

  /** The question to the slot's owner whether this record is the key's one copy. */
  protected abstract PeerRequest<CommitDecision> question(Member self, WrittenRecord written);

  /**
   * Carries out a decision unless it is void, see {@link io.larder.node.directory.OpenPuts}.
   *
   * @return false if it is void and the owner must be asked again
   */
  protected abstract boolean carryOut(long epoch, BooleanSupplier isStill, Runnable consequence);

  /** Publishes the record; runs under the slot's monitor. */
  protected void publish(WrittenRecord written) {
    written.publish();
  }

  /** The record is published as the key's one copy. */
  protected abstract void stored();

  /**
   * The record will not be the key's one copy; its tombstone is not durable yet.
   *
   * @param exists whether the key has its one copy; false if another put is still writing it
   */
  protected abstract void refused(boolean exists);

  /** The tombstone of a refused record is durable: the record cannot come back any more. */
  protected abstract void discarded();

  /**
   * No decision came that counts; the owner is asked again.
   *
   * @param answered whether any answer came
   */
  protected abstract void undecided(boolean answered);

  /** Makes this call the one that decides; false if the claim was decided before. */
  protected final boolean decide() {
    return decided.compareAndSet(false, true);
  }

  /** The durable record, or null. */
  protected final @Nullable WrittenRecord record() {
    return record;
  }

  /** The record is durable: asks for the decision, unless the claim was withdrawn before. */
  protected final void begin(WrittenRecord written) {
    pending.written(key, written.stamp());
    record = written;
    if (decided.get()) {
      discard(written);
    } else {
      ask(written);
    }
  }

  private void ask(WrittenRecord written) {
    if (decided.get()) {
      return; // withdrawn
    }
    Member self = cluster.self();
    Futures.finish(
        cluster.askOwner(key.slot(), question(self, written)),
        (decision, _) -> {
          if (decision != null && settle(written, decision, () -> cluster.self().equals(self))) {
            return;
          }
          undecided(decision != null);
          timing.after(pauseMs, () -> ask(written));
          pauseMs = timing.deadlines().claim().after(pauseMs);
        });
  }

  private boolean settle(WrittenRecord written, CommitDecision decision, BooleanSupplier isStill) {
    return switch (decision) {
      case CommitDecision.TryAgain _ -> false;
      case CommitDecision.Accepted accepted -> {
        boolean counts =
            carryOut(
                accepted.epoch(),
                isStill,
                () -> {
                  published = decide();
                  if (published) {
                    publish(written);
                  }
                });
        if (published) {
          pending.end(key);
          stored();
        }
        yield counts;
      }
      case CommitDecision.Rejected rejected -> {
        boolean counts = carryOut(rejected.epoch(), isStill, () -> {});
        if (counts && decide()) {
          pending.end(key);
          refused(rejected.stored());
          Futures.finish(Discards.discard(written, timing), (_, _) -> discarded());
        }
        yield counts;
      }
    };
  }

  /** Writes the tombstone of a withdrawn record; the key can be put again from now on. */
  protected final void discard(WrittenRecord written) {
    if (discarded.compareAndSet(false, true)) {
      pending.end(key);
      Futures.go(Discards.discard(written, timing));
    }
  }
}
