package io.larder.node.router;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.node.store.StoredRecord;
import io.larder.protocol.Slots;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The giving side of a move: offers records to another node in small batches and, when that holds
 * them, asks the slots' owners to have the copies here dropped. What cannot be moved now stays and
 * is offered again with a later batch. Thread-safe.
 */
final class Departures {
  private static final Logger LOG = LoggerFactory.getLogger(Departures.class);

  /** How long the other node may take to fetch a record and have it committed. */
  static final long TAKE_DEADLINE_MS = 30_000;

  private static final long SETTLE_DEADLINE_MS =
      Leases.ASK_DEADLINE_MS + Deletes.DROP_DEADLINE_MS + 500;
  private static final int IN_FLIGHT = 4;
  private static final int MAX_RECORDS = 512;
  private static final long BATCH_NANOS = TimeUnit.SECONDS.toNanos(4);

  private final Cluster cluster;
  private final BlockStore store;
  private final LongSupplier nanoClock;

  Departures(Cluster cluster, BlockStore store, LongSupplier nanoClock) {
    this.cluster = cluster;
    this.store = store;
    this.nanoClock = nanoClock;
  }

  /**
   * What a batch came to.
   *
   * @param moved records that are gone from here
   * @param kept records that were offered and stay for now
   * @param nextSlot where the next batch goes on; 0 after the last slot
   * @param reason why the last kept record stays; empty if none does
   */
  record Batch(int moved, long movedBytes, int kept, int nextSlot, String reason) {}

  /**
   * Moves records to another node: as many as fit into so many bytes, the first in any case.
   *
   * @param fromSlot where to begin
   */
  CompletableFuture<Batch> move(Member target, long maxBytes, int fromSlot) {
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
    Run run = new Run(target, maxBytes, candidates, fromSlot, slot);
    for (int i = 0; i < IN_FLIGHT; i++) {
      run.next();
    }
    return run.result;
  }

  /** Records that are not expired. */
  long remaining() {
    long count = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      count += store.summary(slot).count();
    }
    return count;
  }

  /** One batch; its fields are guarded by its monitor. */
  private final class Run {
    private final Member target;
    private final long maxBytes;
    private final Queue<RecordRef> candidates;
    private final int slotAfter;
    private final long startNanos = nanoClock.getAsLong();
    private final CompletableFuture<Batch> result = new CompletableFuture<>();
    private int inFlight;
    private long begunBytes;
    private int moved;
    private long movedBytes;
    private int kept;
    private int lastSlot;
    private String reason = "";

    Run(Member target, long maxBytes, Queue<RecordRef> candidates, int fromSlot, int slotAfter) {
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
            begunBytes < maxBytes
                && nanoClock.getAsLong() - startNanos < BATCH_NANOS
                && kept < IN_FLIGHT;
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
          (bytes, failure) -> {
            synchronized (this) {
              inFlight--;
              if (bytes != null && bytes >= 0) {
                moved++;
                movedBytes += bytes;
              } else if (bytes == null || bytes == KEPT) {
                kept++;
                reason = failure == null ? "its owner keeps it here" : Leases.reason(failure);
                LOG.debug("a record of slot {} stays: {}", candidate.key().slot(), reason);
              }
            }
            next();
          });
    }

    /** The bytes that are gone from here, or one of the negative answers. */
    private CompletableFuture<Long> move(RecordRef candidate, @Nullable StoredRecord record) {
      if (record == null || record.stamp() != candidate.stamp()) {
        return CompletableFuture.completedFuture(NOT_HERE);
      }
      synchronized (this) {
        begunBytes += record.valueLength();
        lastSlot = Math.max(lastSlot, candidate.key().slot());
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
          .ask(target, take, TAKE_DEADLINE_MS)
          .thenCompose(_ ->
              cluster.askOwner(
                  candidate.key().slot(),
                  new PeerRequest.Settle(
                      candidate.key(), self, record.stamp(), record.expiresAtMs()),
                  SETTLE_DEADLINE_MS))
          .thenApply(dropped ->
              dropped || store.find(candidate.key().slot(), candidate.key().fingerprint()) == 0
                  ? (long) record.valueLength()
                  : KEPT);
    }

    private Batch batch() {
      // The rest of a slot comes with the next batch, but what stays must not hold up the others.
      int nextSlot = candidates.isEmpty() ? slotAfter : kept > 0 ? lastSlot + 1 : lastSlot;
      return new Batch(moved, movedBytes, kept, nextSlot % Slots.COUNT, reason);
    }
  }

  private static final long KEPT = -1;
  private static final long NOT_HERE = -2;
}
