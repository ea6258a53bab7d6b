package io.larder.node.router.move;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.node.store.StoredRecord;
import io.larder.protocol.Slots;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The giving side of a move: offers records to another node in small batches and, when that node
 * holds them, asks the slots' owners to have the copies here dropped. A record that cannot be moved
 * now stays and is offered again with a later batch. Thread-safe.
 */
public final class Departures {
  private static final Logger LOG = LoggerFactory.getLogger(Departures.class);

  private static final int IN_FLIGHT = 4;
  private static final int MAX_RECORDS = 512;

  private final Cluster cluster;
  private final BlockStore store;
  private final Timing timing;

  public Departures(Cluster cluster, BlockStore store, Timing timing) {
    this.cluster = cluster;
    this.store = store;
    this.timing = timing;
  }

  /**
   * The result of a batch.
   *
   * @param moved records that are no longer here
   * @param kept records that were offered and stay for now
   * @param nextSlot the first slot of the next batch; 0 after the last slot
   * @param reason why the last kept record stays; empty if none does
   */
  public record Batch(int moved, long movedBytes, int kept, int nextSlot, String reason) {}

  /**
   * Moves records to another node: as many as fit into so many bytes, the first in any case.
   *
   * @param fromSlot the first slot
   */
  public CompletableFuture<Batch> move(Member target, long maxBytes, int fromSlot) {
    Queue<RecordRef> candidates = new ArrayDeque<>();
    int slot = fromSlot;
    while (slot < Slots.COUNT && candidates.size() < MAX_RECORDS) {
      int s = slot;
      store.forEach(
          s,
          (fingerprint, stamp, _) ->
              candidates.add(new RecordRef(new KeyRef(s, fingerprint), stamp)));
      slot++;
    }
    BatchRun run = new BatchRun(target, maxBytes, candidates, fromSlot, slot);
    for (int i = 0; i < IN_FLIGHT; i++) {
      run.next();
    }
    return run.result;
  }

  /** The outcome of one record. */
  private sealed interface MoveOutcome {
    /** The record is no longer here. */
    record Moved(long bytes) implements MoveOutcome {}

    /** The record stays for now. */
    record Kept(String reason) implements MoveOutcome {}

    /** The record was not here any more when its turn came. */
    record Absent() implements MoveOutcome {}
  }

  /** Records that are not expired. */
  public long remaining() {
    long count = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      count += store.summary(slot).count();
    }
    return count;
  }

  /** One batch; its fields are guarded by its monitor. */
  private final class BatchRun {
    private final Member target;
    private final long maxBytes;
    private final Queue<RecordRef> candidates;
    private final int slotAfter;
    private final long endNanos = timing.deadline(timing.deadlines().moveBatchMs());
    private final CompletableFuture<Batch> result = new CompletableFuture<>();
    private int inFlight;
    private long begunBytes;
    private int moved;
    private long movedBytes;
    private int kept;
    private int lastSlot;
    private String reason = "";

    BatchRun(
        Member target, long maxBytes, Queue<RecordRef> candidates, int fromSlot, int slotAfter) {
      this.target = target;
      this.maxBytes = maxBytes;
      this.candidates = candidates;
      this.lastSlot = fromSlot;
      this.slotAfter = slotAfter;
    }

    void next() {
      RecordRef candidate;
      synchronized (this) {
        boolean more =
            begunBytes < maxBytes && timing.nowNanos() - endNanos < 0 && kept < IN_FLIGHT;
        candidate = more ? candidates.poll() : null;
        if (candidate == null) {
          if (inFlight == 0 && !result.isDone()) {
            result.complete(batch());
          }
          return;
        }
        inFlight++;
      }
      Futures.finish(
          store
              .describe(candidate.key().slot(), candidate.key().fingerprint())
              .thenCompose(record -> move(candidate, record)),
          (outcome, failure) -> {
            note(candidate, outcome == null ? kept(failure) : outcome);
            next();
          });
    }

    private static MoveOutcome kept(@Nullable Throwable failure) {
      return new MoveOutcome.Kept(Futures.reason(failure));
    }

    private synchronized void note(RecordRef candidate, MoveOutcome outcome) {
      inFlight--;
      switch (outcome) {
        case MoveOutcome.Moved record -> {
          moved++;
          movedBytes += record.bytes();
        }
        case MoveOutcome.Kept record -> {
          kept++;
          reason = record.reason();
          LOG.debug("a record of slot {} stays: {}", candidate.key().slot(), reason);
        }
        case MoveOutcome.Absent _ -> {}
      }
    }

    private CompletableFuture<MoveOutcome> move(
        RecordRef candidate, @Nullable StoredRecord record) {
      if (record == null || record.stamp() != candidate.stamp()) {
        return CompletableFuture.completedFuture(new MoveOutcome.Absent());
      }
      KeyRef key = candidate.key();
      synchronized (this) {
        begunBytes += record.valueLength();
        lastSlot = Math.max(lastSlot, key.slot());
      }
      Member self = cluster.self();
      var take =
          new PeerRequest.Take(
              record.key(),
              record.token(),
              self,
              record.stamp(),
              record.expiresAtMs(),
              record.pinned());
      return cluster
          .ask(target, take, timing.deadlines().takeMs())
          .thenCompose(_ ->
              cluster.askOwner(
                  key.slot(),
                  new PeerRequest.Settle(key, self, record.stamp(), record.expiresAtMs()),
                  timing.deadlines().settleMs()))
          .thenApply(dropped ->
              dropped || store.find(key.slot(), key.fingerprint()) == 0
                  ? new MoveOutcome.Moved(record.valueLength())
                  : new MoveOutcome.Kept("its owner keeps it here"));
    }

    private Batch batch() {
      // The rest of a slot comes with the next batch, but kept records must not hold up the others.
      int nextSlot = candidates.isEmpty() ? slotAfter : kept > 0 ? lastSlot + 1 : lastSlot;
      return new Batch(moved, movedBytes, kept, nextSlot % Slots.COUNT, reason);
    }
  }
}
