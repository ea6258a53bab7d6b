package io.larder.node.router;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.block.Keyspace;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.OpenPuts;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.node.store.WrittenRecord;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of a move: fetches a record from the node that gives it up, verifies every
 * checksum and the value's id, makes it durable, has the slot's owner name this node in place of
 * the other, and only then publishes it. The other's copy is not touched here; it goes by the rule
 * for duplicates. Thread-safe.
 */
final class Arrivals {
  private static final long FIRST_RETRY_MS = 5;
  private static final long MAX_RETRY_MS = 250;

  private final Cluster cluster;
  private final Keyspace keyspace;
  private final OpenPuts openPuts;
  private final PendingCommits pending;
  private final BlockStore store;
  private final ScheduledExecutorService timer;
  private final RouterMetrics metrics;
  private final ConcurrentHashMap<Key, CompletableFuture<Boolean>> underWay =
      new ConcurrentHashMap<>();

  Arrivals(
      Cluster cluster,
      Keyspace keyspace,
      OpenPuts openPuts,
      PendingCommits pending,
      BlockStore store,
      ScheduledExecutorService timer,
      RouterMetrics metrics) {
    this.cluster = cluster;
    this.keyspace = keyspace;
    this.openPuts = openPuts;
    this.pending = pending;
    this.store = store;
    this.timer = timer;
    this.metrics = metrics;
  }

  /** True when this node holds the key; false when its owner would not have it so. */
  CompletableFuture<Boolean> take(PeerRequest.Take take) {
    if (cluster.isDraining(cluster.self().nodeId())) {
      return CompletableFuture.failedFuture(
          new PeerException("node " + cluster.self().nodeId() + " is being drained itself"));
    }
    Key key = keyspace.key(take.key());
    CompletableFuture<Boolean> mine = new CompletableFuture<>();
    CompletableFuture<Boolean> other = underWay.putIfAbsent(key, mine);
    if (other != null) {
      return other; // asked again, since the first answer was late
    }
    Futures.finish(
        store.find(key.slot(), key.fingerprint()) != 0
            ? CompletableFuture.completedFuture(true)
            : permitted(key, take),
        (taken, failure) -> {
          openPuts.arrived(key.ref()); // settled, or never written
          underWay.remove(key, mine);
          if (taken == null) {
            mine.completeExceptionally(failure == null ? new PeerException("no answer") : failure);
          } else {
            mine.complete(taken);
          }
        });
    return mine;
  }

  /** Fetches it once its owner knows that a copy is on its way here: no delete will miss it. */
  private CompletableFuture<Boolean> permitted(Key key, PeerRequest.Take take) {
    openPuts.arriving(key.ref());
    Member self = cluster.self();
    var arrive = new PeerRequest.Arrive(key.ref(), take.from(), take.stamp(), self);
    return cluster
        .askOwner(key.slot(), arrive, Leases.ASK_DEADLINE_MS)
        .thenCompose(answer ->
            switch (answer) {
              case CommitDecision.Accepted accepted -> {
                if (!openPuts.arrive(
                    key.slot(), accepted.epoch(), () -> cluster.self().equals(self), () -> {})) {
                  throw new PeerException("slot " + key.slot() + " changes its owner");
                }
                yield fetch(key, take);
              }
              case CommitDecision.Rejected _ -> CompletableFuture.completedFuture(false);
              case CommitDecision.TryAgain tryAgain -> throw new PeerException(tryAgain.reason());
            });
  }

  private CompletableFuture<Boolean> fetch(Key key, PeerRequest.Take take) {
    return cluster
        .transport()
        .fetch(take.from(), key, take.expiresAtMs())
        .thenCompose(block -> {
          if (block == null) {
            throw new PeerException("node " + take.from().nodeId() + " did not deliver the value");
          }
          if (!block.id().equals(take.token())) {
            block.payload().release();
            throw new PeerException("node " + take.from().nodeId() + " delivered another value");
          }
          return write(key, take, block);
        });
  }

  private CompletableFuture<Boolean> write(Key key, PeerRequest.Take take, Block block) {
    KeyRef ref = key.ref();
    if (!pending.begin(ref)) {
      block.payload().release();
      throw new PeerException("a put of the key is under way here");
    }
    int bytes = block.payload().length();
    return store
        .write(key, block)
        .whenComplete((record, _) -> {
          block.payload().release();
          if (record == null) {
            pending.end(ref);
          } else {
            pending.written(ref, record.stamp());
          }
        })
        .thenCompose(record -> {
          Arrival arrival = new Arrival(key, take, record, bytes);
          arrival.claim();
          return arrival.result;
        });
  }

  /** A durable record on its way to being the key's one copy, or to being discarded. */
  private final class Arrival {
    private final Key key;
    private final KeyRef ref;
    private final PeerRequest.Take take;
    private final WrittenRecord record;
    private final int bytes;
    private final CompletableFuture<Boolean> result = new CompletableFuture<>();
    private long retryMs = FIRST_RETRY_MS;

    Arrival(Key key, PeerRequest.Take take, WrittenRecord record, int bytes) {
      this.key = key;
      this.ref = key.ref();
      this.take = take;
      this.record = record;
      this.bytes = bytes;
    }

    /** Asks until the owner has answered: the record is neither to be kept nor dropped unasked. */
    void claim() {
      Member self = cluster.self();
      var transfer =
          new PeerRequest.Transfer(
              ref, take.from(), take.stamp(), self, record.stamp(), take.expiresAtMs());
      Futures.finish(
          cluster.askOwner(key.slot(), transfer, Leases.ASK_DEADLINE_MS),
          (answer, _) -> {
            if (!settled(self, answer)) {
              var _ = timer.schedule(this::claim, retryMs, TimeUnit.MILLISECONDS);
              retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
            }
          });
    }

    /** Listed as held from now on, and no longer as on its way: one step for an announce. */
    private void publish() {
      record.publish();
      openPuts.arrived(key.ref());
    }

    private boolean settled(Member self, @Nullable CommitDecision answer) {
      BooleanSupplier isStill = () -> cluster.self().equals(self);
      return switch (answer) {
        case null -> false;
        case CommitDecision.TryAgain _ -> false;
        case CommitDecision.Accepted accepted -> {
          if (!openPuts.arrive(key.slot(), accepted.epoch(), isStill, this::publish)) {
            yield false;
          }
          pending.end(ref);
          metrics.moved(bytes);
          Futures.finish(
              take.pinned()
                  ? store.pin(key.slot(), key.fingerprint(), true)
                  : CompletableFuture.completedFuture(true),
              (_, _) -> result.complete(true)); // a pin that cannot be made is no reason to stay
          yield true;
        }
        case CommitDecision.Rejected rejected -> {
          if (!openPuts.arrive(key.slot(), rejected.epoch(), isStill, () -> {})) {
            yield false;
          }
          pending.end(ref);
          Futures.finish(Discards.discard(record, timer), (_, _) -> result.complete(false));
          yield true;
        }
      };
    }
  }
}
