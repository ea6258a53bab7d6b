package io.larder.node.router;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.directory.CommitAnswer;
import io.larder.node.directory.LeaseAnswer;
import io.larder.node.directory.Member;
import io.larder.node.directory.OpenPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerRequest.KeyRef;
import io.larder.node.server.BlockService;
import io.larder.node.server.ClientId;
import io.larder.node.server.PutOptions;
import io.larder.node.server.PutOutcome;
import io.larder.node.server.ServiceException;
import io.larder.node.store.BlockStore;
import io.larder.node.store.WrittenRecord;
import io.larder.protocol.PutToken;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The way of a PUT: the key's put-lease from the slot's owner while the payload arrives, one
 * durable record, its commit at the owner, publication, then the acknowledgement. A record whose
 * commit is not answered is claimed again until it is, long after the client may have been told to
 * try again. Thread-safe.
 */
final class Writes {
  /** How long a client waits for the commit of its durable record. */
  static final long COMMIT_WAIT_MS = 5_000;

  /**
   * How long any put waits while nobody can decide about its key: a slot that moves has its new
   * owner in less, and a failed put would cost the client a second transfer.
   */
  static final long UNDECIDED_WAIT_MS = 1_000;

  private static final long FIRST_RETRY_MS = 5;
  private static final long MAX_RETRY_MS = 250;
  private static final LeaseAnswer EXISTS = new LeaseAnswer.Exists(new Member("", 0));

  private final Cluster cluster;
  private final Leases leases;
  private final OpenPuts openPuts;
  private final BlockStore store;
  private final HotTier hot;
  private final Timing timing;
  private final PendingCommits pending;
  private final RouterMetrics metrics;

  Writes(
      Cluster cluster,
      Leases leases,
      OpenPuts openPuts,
      BlockStore store,
      HotTier hot,
      Timing timing,
      PendingCommits pending,
      RouterMetrics metrics) {
    this.cluster = cluster;
    this.leases = leases;
    this.openPuts = openPuts;
    this.store = store;
    this.hot = hot;
    this.timing = timing;
    this.pending = pending;
    this.metrics = metrics;
  }

  BlockService.PutHandle begin(Key key, PutOptions options, ClientId client) {
    PutToken token = options.token();
    CompletableFuture<LeaseAnswer> lease;
    if (token != null) {
      leases.takenByPut(client, token);
      lease = CompletableFuture.completedFuture(adopt(key, token));
    } else if (store.find(key.slot(), key.fingerprint()) != 0) {
      lease = CompletableFuture.completedFuture(EXISTS);
    } else {
      long waitMs = options.waitMs();
      long undecidedMs = Math.max(waitMs, UNDECIDED_WAIT_MS);
      lease = leases.acquire(key, client, timing.putLeaseMs(), waitMs, undecidedMs);
    }
    return new BlockService.PutHandle() {
      @Override
      public CompletableFuture<PutOutcome> complete(Payload payload) {
        return lease.thenCompose(answer -> put(key, options, answer, payload));
      }

      @Override
      public void abandon() {
        Futures.finish(
            lease,
            (answer, _) -> {
              if (answer instanceof LeaseAnswer.Granted granted) {
                Futures.go(leases.abort(key, granted.token()));
              }
            });
      }
    };
  }

  /** Takes over a lease that a client was granted, through this node or another. */
  private LeaseAnswer adopt(Key key, PutToken token) {
    long deadlineNanos = timing.deadline(timing.putLeaseMs());
    // One from before this node's promise is not void but a claim: the commit will tell.
    openPuts.granted(key.slot(), key.fingerprint(), token, deadlineNanos);
    return new LeaseAnswer.Granted(token);
  }

  private CompletableFuture<PutOutcome> put(
      Key key, PutOptions options, LeaseAnswer answer, Payload payload) {
    return switch (answer) {
      case LeaseAnswer.Granted granted -> write(key, options, granted.token(), payload);
      case LeaseAnswer.Exists _ -> drop(payload, PutOutcome.EXISTS);
      case LeaseAnswer.Held _ -> drop(payload, PutOutcome.HELD);
      case LeaseAnswer.TryAgain tryAgain -> {
        payload.release();
        yield CompletableFuture.failedFuture(
            new ServiceException("TRYAGAIN " + tryAgain.reason() + ": nothing was stored"));
      }
    };
  }

  private CompletableFuture<PutOutcome> drop(Payload payload, PutOutcome outcome) {
    metrics.put(outcome, payload.length());
    payload.release();
    return CompletableFuture.completedFuture(outcome);
  }

  private CompletableFuture<PutOutcome> write(
      Key key, PutOptions options, PutToken token, Payload payload) {
    if (!pending.begin(new KeyRef(key.slot(), key.fingerprint()))) {
      Futures.go(leases.abort(key, token)); // an earlier put of this node may come true yet
      return drop(payload, PutOutcome.HELD);
    }
    long expiresAtMs =
        options.expiresInMs() == PutOptions.NO_EXPIRY
            ? Block.NEVER
            : store.nowMs() + options.expiresInMs();
    Block block = new Block(token, options.metadata(), expiresAtMs, payload);
    Commit commit = new Commit(key, block);
    Futures.finish(store.write(key, block), commit::written);
    return commit.result;
  }

  /** A durable record on its way to being the key's one copy, or to being discarded. */
  private final class Commit {
    private final Key key;
    private final Block block;
    private final KeyRef ref;
    private final CompletableFuture<PutOutcome> result = new CompletableFuture<>();
    // Whoever sets it has the payload's reference to release: the settlement or the lost patience.
    private final AtomicBoolean payloadTaken = new AtomicBoolean();
    private long retryMs = FIRST_RETRY_MS;
    private int fillMark;

    Commit(Key key, Block block) {
      this.key = key;
      this.block = block;
      this.ref = new KeyRef(key.slot(), key.fingerprint());
    }

    void written(@Nullable WrittenRecord record, @Nullable Throwable failure) {
      if (record == null) {
        pending.end(ref);
        block.payload().release();
        Futures.go(leases.abort(key, block.id()));
        result.completeExceptionally(
            new ServiceException(
                "ERR the device did not take the value, nothing was stored: "
                    + Leases.reason(failure)));
        return;
      }
      pending.written(ref, record.stamp());
      claim(record);
      if (!result.isDone()) {
        ScheduledFuture<?> timeout =
            timing.control().schedule(this::losePatience, COMMIT_WAIT_MS, TimeUnit.MILLISECONDS);
        Futures.finish(result, (_, _) -> timeout.cancel(false));
      }
    }

    private void claim(WrittenRecord record) {
      fillMark = hot.fillMark(key);
      Member holder = cluster.self();
      var commit =
          new PeerRequest.Commit(ref, block.id(), holder, record.stamp(), block.expiresAtMs());
      Futures.finish(
          cluster.askOwner(key.slot(), commit, Leases.ASK_DEADLINE_MS),
          (answer, _) -> {
            if (!settled(record, holder, answer)) {
              metrics.claims.increment();
              var _ =
                  timing.control().schedule(() -> claim(record), retryMs, TimeUnit.MILLISECONDS);
              retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
            }
          });
    }

    private boolean settled(WrittenRecord record, Member holder, @Nullable CommitAnswer answer) {
      int slot = key.slot();
      BooleanSupplier isStill = () -> cluster.self().equals(holder);
      return switch (answer) {
        case null -> false;
        case CommitAnswer.TryAgain _ -> false;
        case CommitAnswer.Accepted accepted -> {
          if (!openPuts.settle(slot, block.id(), accepted.epoch(), isStill, record::publish)) {
            yield false;
          }
          pending.end(ref);
          if (payloadTaken.compareAndSet(false, true)) {
            hot.put(key, block, false, fillMark);
            metrics.put(PutOutcome.STORED, block.payload().length());
            block.payload().release();
          }
          result.complete(PutOutcome.STORED);
          yield true;
        }
        case CommitAnswer.Rejected rejected -> {
          if (!openPuts.settle(slot, block.id(), rejected.epoch(), isStill, () -> {})) {
            yield false;
          }
          pending.end(ref);
          PutOutcome outcome = rejected.stored() ? PutOutcome.EXISTS : PutOutcome.HELD;
          if (payloadTaken.compareAndSet(false, true)) {
            metrics.put(outcome, block.payload().length());
            block.payload().release();
          }
          // The client is told when the record cannot come back any more.
          Futures.finish(
              Discards.discard(record, timing.control()), (_, _) -> result.complete(outcome));
          yield true;
        }
      };
    }

    private void losePatience() {
      if (payloadTaken.compareAndSet(false, true)) {
        block.payload().release();
      }
      result.completeExceptionally(
          new ServiceException(
              "TRYAGAIN it is not settled in time whether slot "
                  + key.slot()
                  + " takes the put; it may come true later: try again"));
    }
  }
}
