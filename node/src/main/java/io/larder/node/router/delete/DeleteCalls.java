package io.larder.node.router.delete;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Lookup;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.holder.Withdrawals;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.node.store.BlockStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The asking side of deletes: asks the slot's owner once, or again and again until there is an
 * answer. Thread-safe.
 */
public final class DeleteCalls {
  private final Cluster cluster;
  private final Withdrawals withdrawals;
  private final BlockStore store;
  private final Timing timing;

  public DeleteCalls(Cluster cluster, Withdrawals withdrawals, BlockStore store, Timing timing) {
    this.cluster = cluster;
    this.withdrawals = withdrawals;
    this.store = store;
    this.timing = timing;
  }

  /** Asks once; answers 1 if the key was there, 0 if not. */
  public CompletableFuture<Integer> once(KeyRef key) {
    return cluster.isOwnerReachable(key.slot())
        ? ask(key, null, timing.deadlines().deleteMs())
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
                "the owner of slot " + key.slot() + " does not know yet what this node holds");
          }
          return count;
        });
  }

  /**
   * Asks until there is an answer or the time is over. Deletes the record that the first answer
   * names, so that no attempt deletes one that was put later.
   */
  public CompletableFuture<Integer> repeatedly(KeyRef key, long ms) {
    // The owner may be this node itself, which answers without a deadline.
    return timing.within(new Retries(key, timing.deadline(ms)).find(), ms);
  }

  /** One call and its attempts. */
  private final class Retries {
    private final KeyRef key;
    private final long deadlineNanos;
    private long pauseMs = timing.deadlines().delete().firstMs();

    Retries(KeyRef key, long deadlineNanos) {
      this.key = key;
      this.deadlineNanos = deadlineNanos;
    }

    private long leftMs() {
      return timing.leftMs(deadlineNanos);
    }

    CompletableFuture<Integer> find() {
      return cluster
          .askOwner(key.slot(), new PeerRequest.Find(List.of(key)), timing.deadlines().lookupMs())
          .handle((answers, failure) -> answers == null ? new Lookup.Unknown() : answers.getFirst())
          .thenCompose(found ->
              switch (found) {
                case Lookup.Found record -> delete(record);
                // A value that is put from now on may be deleted: it is concurrent with this call.
                case Lookup.Absent _ ->
                    ask(key, null, Math.max(1, leftMs()))
                        .exceptionallyCompose(failure -> again(this::find, failure));
                case Lookup.Unknown _ ->
                    again(
                        this::find, new PeerException("the owner does not know where the key is"));
              });
    }

    private CompletableFuture<Integer> delete(Lookup.Found record) {
      return ask(key, record, Math.max(1, leftMs()))
          .exceptionallyCompose(failure -> again(() -> delete(record), failure));
    }

    private CompletableFuture<Integer> again(
        Supplier<CompletableFuture<Integer>> attempt, @Nullable Throwable failure) {
      if (leftMs() <= pauseMs) {
        return CompletableFuture.failedFuture(new PeerException(Futures.reason(failure)));
      }
      long waitMs = pauseMs;
      pauseMs = timing.deadlines().delete().after(pauseMs);
      return timing.retry(waitMs, attempt);
    }
  }
}
