package io.larder.node.router;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.block.Payload;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.OpenPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.Leases.Acquisition;
import io.larder.node.service.BlockService;
import io.larder.node.service.ClientId;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.node.store.BlockStore;
import io.larder.node.store.WrittenRecord;
import io.larder.protocol.PutToken;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The way of a PUT: the key's put-lease from the slot's owner while the payload arrives, one
 * durable record, its commit at the owner, publication, then the acknowledgement.
 *
 * <p>A put that other nodes do not settle in time ends in one of two ways. A droppable one is
 * withdrawn: its record is never committed or claimed again. Any other stays a claim: it is claimed
 * again until the owner answers, long after its client was told that it may come true. Thread-safe.
 */
final class Writes {
  /** What a commit has at least, however long the put waited for its lease. */
  private static final long MIN_COMMIT_WAIT_MS = 250;

  /**
   * How long any put waits while nobody can decide about its key: a slot that moves has its new
   * owner in less, and a failed put would cost the client a second transfer.
   */
  static final long UNDECIDED_WAIT_MS = 1_000;

  private static final long FIRST_RETRY_MS = 5;
  private static final long MAX_RETRY_MS = 250;

  private final Cluster cluster;
  private final Leases leases;
  private final OpenPuts openPuts;
  private final BlockStore store;
  private final HotTier hot;
  private final Timing timing;
  private final PendingCommits pending;
  private final Withdrawals withdrawals;
  private final Reads reads;
  private final RouterMetrics metrics;

  /** Puts whose payloads are complete. */
  private final Set<Put> underWay = ConcurrentHashMap.newKeySet();

  Writes(
      Cluster cluster,
      Leases leases,
      OpenPuts openPuts,
      BlockStore store,
      HotTier hot,
      Timing timing,
      PendingCommits pending,
      Withdrawals withdrawals,
      Reads reads,
      RouterMetrics metrics) {
    this.cluster = cluster;
    this.leases = leases;
    this.openPuts = openPuts;
    this.store = store;
    this.hot = hot;
    this.timing = timing;
    this.pending = pending;
    this.withdrawals = withdrawals;
    this.reads = reads;
    this.metrics = metrics;
  }

  BlockService.PutHandle begin(Key key, PutOptions options, ClientId client) {
    PutToken token = options.token();
    Acquisition lease;
    if (token != null) {
      leases.takenByPut(client, token);
      lease = leases.decided(key, client, adopt(key, token));
    } else if (reads.here(key.ref()) != 0) {
      lease = leases.decided(key, client, new LeaseAnswer.Exists(cluster.self()));
    } else {
      lease = acquire(key, options, client);
    }
    return new BlockService.PutHandle() {
      @Override
      public CompletableFuture<PutOutcome> complete(Payload payload) {
        // A wait that ended before the last byte came begins anew: it counts from there.
        Acquisition current =
            options.waitMs() > 0 && isRefused(lease) ? acquire(key, options, client) : lease;
        return new Put(key, options, payload, current).begin();
      }

      @Override
      public void abandon() {
        Futures.finish(
            lease.result(),
            (answer, _) -> {
              if (answer instanceof LeaseAnswer.Granted granted) {
                Futures.go(leases.abort(key, granted.token()));
              }
            });
      }
    };
  }

  private Acquisition acquire(Key key, PutOptions options, ClientId client) {
    long undecidedMs = Math.max(options.waitMs(), UNDECIDED_WAIT_MS);
    return leases.acquire(key, client, timing.putLeaseMs(), options.waitMs(), undecidedMs);
  }

  private static boolean isRefused(Acquisition lease) {
    return lease.result().isDone()
        && (lease.result().resultNow() instanceof LeaseAnswer.Held
            || lease.result().resultNow() instanceof LeaseAnswer.TryAgain);
  }

  /** Takes over a lease that a client was granted, through this node or another. */
  private LeaseAnswer adopt(Key key, PutToken token) {
    long deadlineNanos = timing.deadline(timing.putLeaseMs());
    // One from before this node's promise is not void but a claim: the commit will tell.
    openPuts.granted(key.ref(), token, deadlineNanos);
    return new LeaseAnswer.Granted(token);
  }

  /** Ends waits that are over; to be called about every 50 ms. */
  void tick() {
    long now = timing.nowNanos();
    for (Put put : underWay) {
      if (put.isLate(now)) {
        put.endWait();
      }
    }
  }

  /** A put whose payload is there: waiting for its lease, then being written, then committed. */
  private final class Put {
    private final Key key;
    private final KeyRef ref;
    private final PutOptions options;
    private final Payload payload;
    private final Acquisition lease;
    private final CompletableFuture<PutOutcome> result = new CompletableFuture<>();

    /** Set once, by what decides whether the record is published: an answer, or the withdrawal. */
    private final AtomicBoolean decided = new AtomicBoolean();

    /** Set once, by what releases the payload: the settlement or the end of the wait. */
    private final AtomicBoolean payloadTaken = new AtomicBoolean();

    private final AtomicBoolean discarded = new AtomicBoolean();
    private volatile long deadlineNanos;

    /** The value, from the grant on. */
    private volatile @Nullable Block block;

    /** The durable record. */
    private volatile @Nullable WrittenRecord record;

    /** What the owner made of the record, while its tombstone is not durable. */
    private volatile @Nullable PutOutcome refusedAs;

    /** This node's incarnation in the last commit. */
    private volatile Member committer = cluster.self();

    private long retryMs = FIRST_RETRY_MS;
    private int fillMark;

    Put(Key key, PutOptions options, Payload payload, Acquisition lease) {
      this.key = key;
      this.ref = key.ref();
      this.options = options;
      this.payload = payload;
      this.lease = lease;
      this.deadlineNanos = timing.deadline(options.settleMs());
    }

    CompletableFuture<PutOutcome> begin() {
      Futures.finish(lease.result(), (answer, failure) -> leased(answer, failure));
      if (!result.isDone()) {
        underWay.add(this);
        if (result.isDone()) {
          underWay.remove(this);
        }
      }
      return result;
    }

    private void leased(@Nullable LeaseAnswer answer, @Nullable Throwable failure) {
      switch (answer) {
        case LeaseAnswer.Granted granted -> write(granted.token());
        case LeaseAnswer.Exists _ -> drop(PutOutcome.EXISTS);
        case LeaseAnswer.Held _ -> drop(PutOutcome.HELD);
        case LeaseAnswer.TryAgain tryAgain ->
            fail(
                Refusal.OWNER_AWAY,
                (lease.hasWaited() ? "TIMEOUT " : "TRYAGAIN ")
                    + tryAgain.reason()
                    + ": nothing was stored");
        case null -> fail(Refusal.INTERNAL, "ERR " + Leases.reason(failure));
      }
    }

    private void drop(PutOutcome outcome) {
      metrics.put(outcome, payload.length());
      releasePayload();
      end(outcome);
    }

    private void fail(Refusal refusal, String message) {
      releasePayload();
      fail(new ServiceException(refusal, message));
    }

    private void releasePayload() {
      if (payloadTaken.compareAndSet(false, true)) {
        payload.release();
      }
    }

    private void end(PutOutcome outcome) {
      result.complete(outcome);
      underWay.remove(this);
    }

    private void fail(ServiceException failure) {
      result.completeExceptionally(failure);
      underWay.remove(this);
    }

    // ---- the record ----

    private void write(PutToken token) {
      if (!pending.begin(ref)) {
        Futures.go(leases.abort(key, token)); // an earlier put of this node may come true yet
        drop(PutOutcome.HELD);
        return;
      }
      long expiresAtMs =
          options.expiresInMs() == PutOptions.NO_EXPIRY
              ? Block.NEVER
              : store.nowMs() + options.expiresInMs();
      Block value = new Block(token, options.metadata(), expiresAtMs, payload);
      block = value;
      Futures.finish(
          store.write(key, value), (written, failure) -> written(value, written, failure));
    }

    private void written(
        Block value, @Nullable WrittenRecord written, @Nullable Throwable failure) {
      if (written == null) {
        pending.end(ref);
        if (decided.compareAndSet(false, true)) {
          Futures.go(leases.abort(key, value.id()));
        }
        fail(
            Refusal.NOT_WRITTEN,
            "ERR the device did not take the value, nothing was stored: " + Leases.reason(failure));
        return;
      }
      pending.written(ref, written.stamp());
      record = written;
      if (decided.get()) { // withdrawn while it was written
        discard(written);
        return;
      }
      if (!options.droppable()) {
        deadlineNanos = Math.max(deadlineNanos, timing.deadline(MIN_COMMIT_WAIT_MS));
      }
      claim(value, written);
    }

    private void claim(Block value, WrittenRecord written) {
      if (decided.get()) {
        return; // withdrawn
      }
      fillMark = hot.fillMark(key);
      Member holder = cluster.self();
      committer = holder;
      var commit =
          new PeerRequest.Commit(ref, value.id(), holder, written.stamp(), value.expiresAtMs());
      Futures.finish(
          cluster.askOwner(key.slot(), commit, Leases.ASK_DEADLINE_MS),
          (answer, _) -> {
            if (settled(value, written, holder, answer)) {
              return;
            }
            if (answer == null && !cluster.isOwnerReachable(key.slot())) {
              endWait(); // no other has the slot in the time that is left
            }
            metrics.claims.increment();
            var _ =
                timing
                    .control()
                    .schedule(() -> claim(value, written), retryMs, TimeUnit.MILLISECONDS);
            retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
          });
    }

    /**
     * Carries out the owner's answer; false if there is none that counts, and it is asked again.
     */
    private boolean settled(
        Block value, WrittenRecord written, Member holder, @Nullable CommitDecision answer) {
      int slot = key.slot();
      BooleanSupplier isStill = () -> cluster.self().equals(holder);
      return switch (answer) {
        case null -> false;
        case CommitDecision.TryAgain _ -> false;
        case CommitDecision.Accepted accepted -> {
          boolean[] mine = new boolean[1];
          boolean counts =
              openPuts.settle(
                  slot,
                  value.id(),
                  accepted.epoch(),
                  isStill,
                  () -> {
                    mine[0] = decided.compareAndSet(false, true);
                    if (mine[0]) {
                      written.publish();
                    }
                  });
          if (mine[0]) {
            stored(value);
          }
          yield counts;
        }
        case CommitDecision.Rejected rejected -> {
          if (!openPuts.settle(slot, value.id(), rejected.epoch(), isStill, () -> {})) {
            yield false;
          }
          if (decided.compareAndSet(false, true)) {
            refused(written, rejected.stored() ? PutOutcome.EXISTS : PutOutcome.HELD);
          }
          yield true;
        }
      };
    }

    private void stored(Block value) {
      pending.end(ref);
      withdrawals.stored(ref);
      if (payloadTaken.compareAndSet(false, true)) {
        hot.put(key, value, false, fillMark);
        metrics.put(PutOutcome.STORED, payload.length());
        payload.release();
      }
      end(PutOutcome.STORED);
    }

    private void refused(WrittenRecord written, PutOutcome outcome) {
      pending.end(ref);
      if (payloadTaken.compareAndSet(false, true)) {
        metrics.put(outcome, payload.length());
        payload.release();
      }
      refusedAs = outcome;
      // The client is told when the record cannot come back any more.
      Futures.finish(Discards.discard(written, timing.control()), (_, _) -> end(outcome));
    }

    // ---- late ----

    boolean isLate(long nowNanos) {
      return nowNanos - deadlineNanos >= 0;
    }

    /** Ends the client's wait for other nodes. A device that takes its time is waited for. */
    void endWait() {
      Block value = block;
      PutOutcome refusal = refusedAs;
      if (value == null) {
        lease.end();
      } else if (options.droppable() && refusal != null) {
        end(refusal);
      } else if (options.droppable()) {
        withdraw(value);
      } else if (record != null) {
        releasePayload();
        fail(
            new ServiceException(
                Refusal.UNSETTLED,
                "TIMEOUT it is not settled in time whether slot "
                    + key.slot()
                    + " takes the put; it may come true later"));
      }
    }

    private void withdraw(Block value) {
      if (!decided.compareAndSet(false, true)) {
        return; // it is being settled just now
      }
      WrittenRecord written = record;
      withdrawals.add(ref, value.id(), committer, written == null ? 0 : written.stamp());
      openPuts.ended(key.slot(), value.id());
      if (written != null) {
        discard(written);
      }
      fail(
          Refusal.UNSETTLED,
          "TIMEOUT it was not settled in time whether slot "
              + key.slot()
              + " takes the put: nothing was stored");
    }

    /** Writes the tombstone of a withdrawn record; the key can be put again from now on. */
    private void discard(WrittenRecord written) {
      if (discarded.compareAndSet(false, true)) {
        pending.end(ref);
        Futures.go(Discards.discard(written, timing.control()));
      }
    }
  }
}
