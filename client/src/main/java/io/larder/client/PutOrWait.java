package io.larder.client;

import io.larder.protocol.Command;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Obtains a block with as little computing as possible:
 *
 * <pre>
 *   KV.LEASE ─ EXISTS ─▶ get ─ hit ─▶ found
 *            ─ GRANTED ▶ compute, KV.PUT TOKEN ─▶ computed
 *            ─ HELD ───▶ KV.LEASE … WAIT ─ EXISTS ─▶ get ─▶ waited
 *                                        ─ GRANTED ▶ compute, put
 *                                        ─ HELD ───▶ compute, keep
 *            no answer ▶ compute, try to put
 * </pre>
 *
 * <p>Waits go over connections of their own, one at a time on each: replies come in order, and a
 * grant must not wait behind another key's writer.
 */
final class PutOrWait {
  /** A key that exists for the lease and is a miss for the get, this often, is computed. */
  private static final int MAX_ROUNDS = 3;

  /** The longest wait for a key whose slot has no arbiter, as while the slot moves. */
  private static final long UNDECIDED_WAIT_MS = 1_000;

  private final BlockReader reader;
  private final BlockWriter writer;
  private final Calls waits;
  private final Lane waitLane;
  private final Executor executor;
  private final long leaseMs;
  private final long slackMs;

  PutOrWait(
      BlockReader reader, BlockWriter writer, Calls waits, Lane waitLane, ClientOptions options) {
    this.reader = reader;
    this.writer = writer;
    this.waits = waits;
    this.waitLane = waitLane;
    this.executor = options.computeExecutor();
    this.leaseMs = options.leaseMs();
    this.slackMs = options.attemptTimeoutMs();
  }

  List<CompletableFuture<ObtainedBlock>> obtain(
      List<byte[]> keys, Function<byte[], ComputedBlock> compute, long waitMs) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs);
    List<Want> wants = keys.stream().map(key -> new Want(key, compute, deadline)).toList();
    var unused =
        writer
            .lease(keys)
            .whenComplete((outcomes, error) -> {
              if (outcomes == null) { // no node answers: every caller computes
                wants.forEach(want -> want.compute(Optional.empty()));
              } else {
                begin(wants, outcomes);
              }
            });
    return wants.stream().map(want -> want.result).toList();
  }

  /** Computes granted keys before it waits: others may be waiting for the keys granted here. */
  private static void begin(List<Want> wants, List<LeaseOutcome> outcomes) {
    List<Runnable> held = new ArrayList<>();
    List<CompletableFuture<?>> computing = new ArrayList<>();
    for (int i = 0; i < wants.size(); i++) {
      Want want = wants.get(i);
      if (outcomes.get(i) instanceof LeaseOutcome.Held) {
        held.add(() -> want.await(Long.MAX_VALUE, 1));
        continue;
      }
      if (outcomes.get(i) instanceof LeaseOutcome.Unavailable) {
        held.add(() -> want.await(UNDECIDED_WAIT_MS, 1));
        continue;
      }
      want.on(outcomes.get(i), ObtainedBlock.Origin.FOUND, 1);
      if (outcomes.get(i) instanceof LeaseOutcome.Granted) {
        computing.add(want.result);
      }
    }
    var unused =
        CompletableFuture.allOf(computing.toArray(CompletableFuture<?>[]::new))
            .whenComplete((done, error) -> held.forEach(Runnable::run));
  }

  /** The request of one key. */
  private final class Want {
    final byte[] key;
    final Function<byte[], ComputedBlock> compute;
    final long deadlineNanos;
    final CompletableFuture<ObtainedBlock> result = new CompletableFuture<>();

    Want(byte[] key, Function<byte[], ComputedBlock> compute, long deadlineNanos) {
      this.key = key;
      this.compute = compute;
      this.deadlineNanos = deadlineNanos;
    }

    void on(LeaseOutcome outcome, ObtainedBlock.Origin origin, int round) {
      if (outcome instanceof LeaseOutcome.Granted grant) {
        compute(Optional.of(grant.token()));
      } else if (outcome instanceof LeaseOutcome.Exists) {
        fetch(origin, round);
      } else if (outcome instanceof LeaseOutcome.Held) {
        await(Long.MAX_VALUE, round);
      } else {
        compute(Optional.empty());
      }
    }

    void await(long atMostMs, int round) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
      long waitMs = Math.min(Math.min(leaseMs, atMostMs), leftMs);
      if (waitMs <= 0 || round > MAX_ROUNDS) {
        compute(Optional.empty());
        return;
      }
      Command command =
          Command.of("KV.LEASE").arg(1).arg(key).arg("WAIT").arg(waitMs).arg("TTL").arg(leaseMs);
      long end = deadlineNanos + TimeUnit.MILLISECONDS.toNanos(slackMs);
      var unused =
          waits
              .run(
                  waitLane,
                  end,
                  waitMs + slackMs,
                  0,
                  (connection, timeoutMs) -> connection.send(command, timeoutMs))
              .thenApply(reply -> BlockWriter.leases(reply, 1).get(0))
              .whenComplete((outcome, error) -> {
                if (outcome == null) {
                  compute(Optional.empty());
                } else {
                  on(outcome, ObtainedBlock.Origin.WAITED, round + 1);
                }
              });
    }

    private void fetch(ObtainedBlock.Origin origin, int round) {
      var unused =
          reader
              .get(key)
              .whenComplete((found, error) -> {
                if (found != null && found.isPresent()) {
                  finish(
                      new ObtainedBlock(found.get(), origin, Optional.empty(), Optional.empty()));
                } else if (round >= MAX_ROUNDS) {
                  compute(Optional.empty());
                } else {
                  again(round + 1);
                }
              });
    }

    /** Requests the lease again: the value vanished between the lease's answer and the get. */
    private void again(int round) {
      var unused =
          writer
              .lease(List.of(key))
              .whenComplete((outcomes, error) -> {
                if (outcomes == null) {
                  compute(Optional.empty());
                } else {
                  on(outcomes.get(0), ObtainedBlock.Origin.FOUND, round);
                }
              });
    }

    private void compute(Optional<PutToken> token) {
      try {
        executor.execute(() -> computeNow(token));
      } catch (RuntimeException e) {
        fail(token, e);
      }
    }

    private void computeNow(Optional<PutToken> token) {
      try {
        ComputedBlock computed = compute.apply(key);
        PutOptions asked = computed.options();
        PutOptions options = new PutOptions(asked.metadata(), asked.timeToLive(), token);
        BlockInfo info =
            new BlockInfo(length(computed), options.metadata(), Source.COMPUTED, token);
        var unused =
            writer
                .put(key, computed.data(), options)
                .whenComplete((outcome, error) -> {
                  if (error != null) {
                    abort(token); // has no effect if the put succeeded after all
                  }
                  finish(
                      new ObtainedBlock(
                          new CachedBlock(info, joined(computed), null),
                          ObtainedBlock.Origin.COMPUTED,
                          Optional.ofNullable(outcome),
                          Optional.ofNullable(error).map(PutOrWait::asLarder)));
                });
      } catch (RuntimeException | Error e) {
        fail(token, e);
      }
    }

    private void abort(Optional<PutToken> token) {
      token.ifPresent(held -> {
        var unused = writer.abort(key, held);
      });
    }

    private void fail(Optional<PutToken> token, Throwable cause) {
      abort(token);
      result.completeExceptionally(cause);
    }

    private void finish(ObtainedBlock obtained) {
      if (!result.complete(obtained)) {
        obtained.close(); // the caller has cancelled
      }
    }
  }

  private static LarderException asLarder(Throwable error) {
    Throwable cause = Calls.unwrap(error);
    return cause instanceof LarderException known
        ? known
        : new LarderException("storing the block failed: " + cause.getMessage(), false, cause);
  }

  private static int length(ComputedBlock computed) {
    return computed.data().stream().mapToInt(ByteBuffer::remaining).sum();
  }

  /** The computed bytes as one buffer: the caller's own when there is one, else a copy. */
  private static ByteBuffer joined(ComputedBlock computed) {
    if (computed.data().size() == 1) {
      return computed.data().get(0).slice();
    }
    ByteBuffer all = ByteBuffer.allocate(length(computed));
    computed.data().forEach(part -> all.put(part.duplicate()));
    return all.flip();
  }
}
