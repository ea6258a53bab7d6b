package io.larder.node.router.move;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.OpenPuts;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.holder.Claim;
import io.larder.node.router.holder.PendingCommits;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.node.store.WrittenRecord;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The receiving side of a move: fetches a record from the node that gives it up, verifies every
 * checksum and the value's id, makes it durable, has the slot's owner name this node in place of
 * the other, and only then publishes it. The other node's copy is dropped by the rule for
 * duplicates. Thread-safe.
 */
public final class Arrivals {
  private final Cluster cluster;
  private final Keyspace keyspace;
  private final OpenPuts openPuts;
  private final PendingCommits pending;
  private final BlockStore store;
  private final Timing timing;
  private final Counter movedRecords;
  private final Counter movedBytes;
  private final ConcurrentHashMap<Key, CompletableFuture<Boolean>> underWay =
      new ConcurrentHashMap<>();

  public Arrivals(
      Cluster cluster,
      Keyspace keyspace,
      OpenPuts openPuts,
      PendingCommits pending,
      BlockStore store,
      Timing timing,
      MeterRegistry registry) {
    this.cluster = cluster;
    this.keyspace = keyspace;
    this.openPuts = openPuts;
    this.pending = pending;
    this.store = store;
    this.timing = timing;
    this.movedRecords =
        Counter.builder("larder.moves.records")
            .description("Records taken over from nodes that give them up")
            .register(registry);
    this.movedBytes =
        Counter.builder("larder.moves.bytes")
            .description("Bytes of values taken over from nodes that give them up")
            .baseUnit("bytes")
            .register(registry);
  }

  /** True when this node holds the key; false when the slot's owner rejects the move. */
  public CompletableFuture<Boolean> take(PeerRequest.Take take) {
    if (cluster.isDraining(cluster.self().nodeId())) {
      return CompletableFuture.failedFuture(
          new PeerException("node " + cluster.self().nodeId() + " is itself being drained"));
    }
    Key key = keyspace.key(take.key());
    CompletableFuture<Boolean> mine = new CompletableFuture<>();
    CompletableFuture<Boolean> other = underWay.putIfAbsent(key, mine);
    if (other != null) {
      return other; // the request came again, since the first answer was late
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

  /** Fetches the record after its owner knows that a copy is arriving here: no delete misses it. */
  private CompletableFuture<Boolean> permitted(Key key, PeerRequest.Take take) {
    openPuts.arriving(key.ref());
    Member self = cluster.self();
    return cluster
        .askOwner(key.slot(), new PeerRequest.Arrive(key.ref(), take.from(), take.stamp(), self))
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
    if (!pending.begin(key.ref())) {
      block.payload().release();
      throw new PeerException("a put of the key is under way here");
    }
    Arrival arrival = new Arrival(key, take, block.payload().length());
    return store
        .write(key, block)
        .whenComplete((record, _) -> {
          block.payload().release();
          if (record == null) {
            pending.end(key.ref());
          }
        })
        .thenCompose(arrival::claim);
  }

  /** The durable copy of a moved record. */
  private final class Arrival extends Claim {
    private final PeerRequest.Take take;
    private final int bytes;
    private final CompletableFuture<Boolean> result = new CompletableFuture<>();

    Arrival(Key key, PeerRequest.Take take, int bytes) {
      super(Arrivals.this.cluster, key.ref(), Arrivals.this.pending, timing);
      this.take = take;
      this.bytes = bytes;
    }

    CompletableFuture<Boolean> claim(WrittenRecord written) {
      begin(written);
      return result;
    }

    @Override
    protected PeerRequest<CommitDecision> question(Member self, WrittenRecord written) {
      return new PeerRequest.Transfer(
          key, take.from(), take.stamp(), self, written.stamp(), take.expiresAtMs());
    }

    @Override
    protected boolean carryOut(long epoch, BooleanSupplier isStill, Runnable consequence) {
      return openPuts.arrive(key.slot(), epoch, isStill, consequence);
    }

    /** From now on listed as held, and no longer as arriving: one step for an announce. */
    @Override
    protected void publish(WrittenRecord written) {
      super.publish(written);
      openPuts.arrived(key);
    }

    @Override
    protected void stored() {
      movedRecords.increment();
      movedBytes.increment(bytes);
      Futures.finish(
          take.pinned()
              ? store.pin(key.slot(), key.fingerprint(), true)
              : CompletableFuture.completedFuture(true),
          (_, _) -> result.complete(true)); // the move counts even if the pin fails
    }

    @Override
    protected void refused(boolean exists) {}

    @Override
    protected void discarded() {
      result.complete(false);
    }

    @Override
    protected void undecided(boolean answered) {}
  }
}
