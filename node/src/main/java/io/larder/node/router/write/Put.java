package io.larder.node.router.write;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.write.Leases.Acquisition;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.PutToken;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A put whose payload is complete: it waits for its lease, then for its record, at most until its
 * deadline. Thread-safe.
 */
final class Put {
  final Key key;
  final PutOptions options;
  final Payload payload;
  private final PutContext context;
  private final Acquisition lease;
  private final CompletableFuture<PutOutcome> result = new CompletableFuture<>();

  /** Set once, by the settlement or by the end of the wait, whichever releases the payload. */
  private final AtomicBoolean payloadReleased = new AtomicBoolean();

  private volatile long deadlineNanos;

  /** The put's record, from the grant on. */
  private volatile @Nullable PutRecord record;

  Put(PutContext context, Key key, PutOptions options, Payload payload, Acquisition lease) {
    this.context = context;
    this.key = key;
    this.options = options;
    this.payload = payload;
    this.lease = lease;
    this.deadlineNanos = context.timing().deadline(options.settleMs());
  }

  CompletableFuture<PutOutcome> begin() {
    Futures.finish(lease.result(), this::leased);
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
      case null -> fail(Refusal.INTERNAL, "ERR " + Futures.reason(failure));
    }
  }

  private void write(PutToken token) {
    if (!context.pending().begin(key.ref())) {
      Futures.go(context.leases().abort(key, token)); // an earlier put of this node may come true
      drop(PutOutcome.HELD);
      return;
    }
    long expiresAtMs =
        options.expiresInMs() == PutOptions.NO_EXPIRY
            ? Block.NEVER
            : context.store().nowMs() + options.expiresInMs();
    Block value = new Block(token, options.metadata(), expiresAtMs, payload);
    PutRecord written = new PutRecord(context, this, value);
    record = written;
    written.write();
  }

  // ---- the end ----

  void drop(PutOutcome outcome) {
    account(outcome);
    end(outcome);
  }

  /** Counts the outcome and releases the payload, unless the wait has ended before. */
  void account(PutOutcome outcome) {
    if (takePayload()) {
      context.metrics().put(outcome, payload.length());
      payload.release();
    }
  }

  /** Makes this call the one that releases the payload. */
  boolean takePayload() {
    return payloadReleased.compareAndSet(false, true);
  }

  void end(PutOutcome outcome) {
    result.complete(outcome);
  }

  /** Ends the put without an outcome. */
  void fail(Refusal refusal, String message) {
    if (takePayload()) {
      payload.release();
    }
    result.completeExceptionally(new ServiceException(refusal, message));
  }

  // ---- the deadline ----

  /** The record is durable: its commit has a least time, however long the lease took. */
  void extendDeadline() {
    if (!options.droppable()) {
      long minMs = context.timing().deadlines().minCommitMs();
      deadlineNanos = Math.max(deadlineNanos, context.timing().deadline(minMs));
    }
  }

  boolean isLate(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }

  /** Ends the client's wait for other nodes; a slow device is still waited for. */
  void endWait() {
    PutRecord begun = record;
    if (begun == null) {
      lease.end();
    } else {
      begun.endWait();
    }
  }
}
