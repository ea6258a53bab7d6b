package io.larder.node.router;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Lookup;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.node.store.BlockStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The asking side of deletes: one question to the slot's owner, or as many as it takes. */
final class DeleteCalls {
  private static final long DEADLINE_MS =
      Deletes.PATIENCE_MS + Deletes.DROP_DEADLINE_MS + 2 * Deletes.INVALIDATE_DEADLINE_MS + 500;

  private static final long FIRST_RETRY_MS = 10;
  private static final long MAX_RETRY_MS = 100;

  private final Cluster cluster;
  private final Withdrawals withdrawals;
  private final BlockStore store;
  private final Timing timing;

  DeleteCalls(Cluster cluster, Withdrawals withdrawals, BlockStore store, Timing timing) {
    this.cluster = cluster;
    this.withdrawals = withdrawals;
    this.store = store;
    this.timing = timing;
  }

  /** Asks once; answers 1 if the key was there, 0 if not. */
  CompletableFuture<Integer> once(KeyRef key) {
    return cluster.isOwnerReachable(key.slot())
        ? ask(key, null, DEADLINE_MS)
        : CompletableFuture.failedFuture(
            new ServiceException(
                Refusal.OWNER_AWAY, "TRYAGAIN " + cluster.noOwner(key.slot()) + ": try again"));
  }

  private CompletableFuture<Integer> ask(KeyRef key, Lookup.@Nullable Found only, long deadlineMs) {
    var delete = new PeerRequest.Delete(key, only, withdrawals.isOpen(key));
    long mine = store.find(key.slot(), key.fingerprint());
    return cluster
        .askOwner(key.slot(), delete, deadlineMs)
        .thenApply(count -> {
          if (mine != 0 && store.find(key.slot(), key.fingerprint()) == mine) {
            // As after an outage, while the owner has not heard of this node's new session.
            throw new PeerException(
                "the owner of slot " + key.slot() + " does not know what this node holds yet");
          }
          return count;
        });
  }

  /**
   * Asks until there is an answer or the time is over. What is deleted is the record that was there
   * at the first answer, so that no attempt deletes one that was put later.
   */
  CompletableFuture<Integer> insist(KeyRef key, long ms) {
    // The owner may be this node, whose own answer has no deadline.
    return Futures.within(new Insistent(key, timing.deadline(ms)).find(), ms, timing.control());
  }

  private final class Insistent {
    private final KeyRef key;
    private final long deadlineNanos;
    private long retryMs = FIRST_RETRY_MS;

    Insistent(KeyRef key, long deadlineNanos) {
      this.key = key;
      this.deadlineNanos = deadlineNanos;
    }

    private long leftMs() {
      return (deadlineNanos - timing.nowNanos()) / 1_000_000;
    }

    CompletableFuture<Integer> find() {
      return cluster
          .askOwner(key.slot(), new PeerRequest.Find(List.of(key)), Reads.LOOKUP_DEADLINE_MS)
          .handle((answers, failure) -> answers == null ? new Lookup.Unknown() : answers.getFirst())
          .thenCompose(found ->
              switch (found) {
                case Lookup.Found record -> delete(record);
                // Whatever is put from here on may go: it comes while the delete is under way.
                case Lookup.Absent _ ->
                    ask(key, null, Math.max(1, leftMs()))
                        .exceptionallyCompose(failure -> again(this::find, failure));
                case Lookup.Unknown _ -> again(this::find, new PeerException("no owner knows"));
              });
    }

    private CompletableFuture<Integer> delete(Lookup.Found record) {
      return ask(key, record, Math.max(1, leftMs()))
          .exceptionallyCompose(failure -> again(() -> delete(record), failure));
    }

    private CompletableFuture<Integer> again(
        Supplier<CompletableFuture<Integer>> attempt, @Nullable Throwable failure) {
      if (leftMs() <= retryMs) {
        return CompletableFuture.failedFuture(new PeerException(Leases.reason(failure)));
      }
      long pauseMs = retryMs;
      retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      return Futures.after(pauseMs, timing.control(), attempt);
    }
  }
}
