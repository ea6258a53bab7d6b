package io.larder.bench;

import io.larder.bench.BlockCache.Joined;
import io.larder.bench.BlockCache.Lease;
import io.larder.bench.BlockCache.PutAnswer;
import io.larder.bench.BlockCache.Source;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.client.LarderException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One inference server: it has a client of its own, and its thread plays the GPU that computes
 * blocks. Puts and gets of one request overlap up to a bounded number of blocks. Every byte that
 * comes back is compared with what it must be. Used by one thread at a time.
 */
final class InferenceServer {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceServer.class);

  private static final int IN_FLIGHT_BYTES = 16 << 20;
  private static final int IN_FLIGHT_BLOCKS = 48;
  private static final int LEASE_BATCH = 512;
  private static final int LOGGED_FAILURES = 10;

  private record Pending<T>(long id, ByteBuffer buffer, Call<T> call) {}

  private final int salt;
  private final String keyPrefix;
  private final int blockBytes;
  private final BlockCache cache;
  private final Ledger ledger;
  private final Witness witness;
  private final ArrayDeque<ByteBuffer> buffers = new ArrayDeque<>();

  InferenceServer(
      int salt,
      String keyPrefix,
      int blockBytes,
      BlockCache cache,
      Ledger ledger,
      Witness witness) {
    this.salt = salt;
    this.keyPrefix = keyPrefix;
    this.blockBytes = blockBytes;
    this.cache = cache;
    this.ledger = ledger;
    this.witness = witness;
    int count = Math.clamp(IN_FLIGHT_BYTES / blockBytes, 2, IN_FLIGHT_BLOCKS);
    for (int i = 0; i < count; i++) {
      buffers.add(ByteBuffer.allocateDirect(blockBytes));
    }
  }

  /** Longest stored prefix, fetch it, compute and put the rest. */
  void serve(List<Long> blockIds, Tally tally) throws InterruptedException {
    tally.lookups.add(blockIds.size());
    Integer found =
        await(
            call("prefix of " + blockIds.size() + " keys", cache.prefix(keys(blockIds))),
            tally.callsRefused,
            tally);
    int prefix = found == null ? 0 : found;
    List<Long> absent = fetch(blockIds.subList(0, prefix), tally, true);
    absent.addAll(blockIds.subList(prefix, blockIds.size()));
    computeOrJoin(absent, tally);
  }

  /**
   * Gets the blocks stored, one way or another: computes those that are granted, waits for those
   * that another server computes. Own grants are settled before waiting, so that no two servers
   * wait for each other.
   */
  void computeOrJoin(List<Long> blockIds, Tally tally) throws InterruptedException {
    for (int from = 0; from < blockIds.size(); from += LEASE_BATCH) {
      List<Long> batch = blockIds.subList(from, Math.min(from + LEASE_BATCH, blockIds.size()));
      List<Lease> leases =
          await(
              call("lease of " + batch.size() + " keys", cache.lease(keys(batch))),
              tally.callsRefused,
              tally);
      if (leases != null) {
        settle(batch, leases, tally);
      }
    }
  }

  /**
   * Reads blocks and verifies them.
   *
   * @param countHits whether what is found counts as a hit
   * @return those that were not there, in order
   */
  List<Long> fetch(List<Long> blockIds, Tally tally, boolean countHits)
      throws InterruptedException {
    List<Long> absent = new ArrayList<>();
    ArrayDeque<Pending<Optional<Source>>> pending = new ArrayDeque<>();
    for (long id : blockIds) {
      if (buffers.isEmpty()) {
        finishGet(pending.remove(), absent, tally, countHits);
      }
      ByteBuffer buffer = buffers.remove();
      pending.add(
          new Pending<>(
              id,
              buffer,
              call("get of " + key(id), timed(cache.get(key(id), buffer), tally.gets))));
    }
    while (!pending.isEmpty()) {
      finishGet(pending.remove(), absent, tally, countHits);
    }
    return absent;
  }

  int salt() {
    return salt;
  }

  String key(long id) {
    return keyPrefix + id;
  }

  private void settle(List<Long> batch, List<Lease> leases, Tally tally)
      throws InterruptedException {
    List<Long> elsewhere = new ArrayList<>();
    List<Long> held = new ArrayList<>();
    ArrayDeque<Pending<PutAnswer>> puts = new ArrayDeque<>();
    for (int i = 0; i < batch.size(); i++) {
      long id = batch.get(i);
      switch (leases.get(i)) {
        case Lease.Granted granted -> computeAndPut(id, granted, puts, tally);
        case Lease.Exists() -> elsewhere.add(id);
        case Lease.Held() -> held.add(id);
        // Nobody can decide just now, as while a slot moves: asked again, and waited for.
        case Lease.Unavailable(_) -> held.add(id);
      }
    }
    drain(puts, tally);
    join(held, tally);
    tally.suppressed.add(elsewhere.size());
    // A miss though the lease was answered EXISTS: its holder cannot be reached just now.
    tally.callsRefused.add(fetch(elsewhere, tally, false).size());
  }

  /** Waits for blocks that others compute, a bounded number at a time. */
  private void join(List<Long> held, Tally tally) throws InterruptedException {
    ArrayDeque<Pending<Joined>> pending = new ArrayDeque<>();
    for (long id : held) {
      if (buffers.isEmpty()) {
        finishJoin(pending.remove(), tally);
      }
      ByteBuffer buffer = buffers.remove();
      Runnable compute =
          () -> {
            BlockContent.fill(buffer, id, salt);
            ledger.tried(id, salt);
            tally.computed.increment();
          };
      pending.add(
          new Pending<>(
              id,
              buffer,
              new Call<>(
                  "put-or-wait of " + key(id),
                  cache.putOrWait(key(id), buffer, compute),
                  cache.waitDeadline(),
                  witness)));
    }
    while (!pending.isEmpty()) {
      finishJoin(pending.remove(), tally);
    }
  }

  private void finishJoin(Pending<Joined> join, Tally tally) throws InterruptedException {
    Joined joined = await(join.call(), tally.putsRefused, tally);
    switch (joined) {
      case null -> {}
      case FOUND -> {
        tally.suppressed.increment();
        verify(join.id(), join.buffer(), tally);
      }
      case STORED -> stored(join.id(), tally);
      case SUPPRESSED -> tally.suppressed.increment();
      case FAILED -> tally.putsRefused.increment();
    }
    buffers.add(join.buffer());
  }

  private void computeAndPut(
      long id, Lease.Granted granted, ArrayDeque<Pending<PutAnswer>> puts, Tally tally)
      throws InterruptedException {
    if (buffers.isEmpty()) {
      finishPut(puts.remove(), tally);
    }
    ByteBuffer buffer = buffers.remove();
    BlockContent.fill(buffer, id, salt);
    ledger.tried(id, salt);
    tally.computed.increment();
    puts.add(
        new Pending<>(
            id,
            buffer,
            call(
                "put of " + key(id),
                timed(cache.put(key(id), buffer, granted.token()), tally.puts))));
  }

  private void drain(ArrayDeque<Pending<PutAnswer>> puts, Tally tally) throws InterruptedException {
    while (!puts.isEmpty()) {
      finishPut(puts.remove(), tally);
    }
  }

  private void finishPut(Pending<PutAnswer> put, Tally tally) throws InterruptedException {
    PutAnswer answer = await(put.call(), tally.putsRefused, tally);
    buffers.add(put.buffer());
    switch (answer) {
      case null -> {} // it may come true
      case STORED -> stored(put.id(), tally);
      case EXISTS -> tally.suppressed.increment();
      case HELD -> tally.putsRefused.increment(); // its lease ended before it came
    }
  }

  private void finishGet(
      Pending<Optional<Source>> get, List<Long> absent, Tally tally, boolean countHits)
      throws InterruptedException {
    Optional<Source> answer = await(get.call(), tally.callsRefused, tally);
    if (answer == null || answer.isEmpty()) {
      absent.add(get.id());
    } else {
      if (countHits) {
        tally.hits(answer.get()).increment();
      }
      verify(get.id(), get.buffer(), tally);
    }
    buffers.add(get.buffer());
  }

  private void stored(long id, Tally tally) {
    tally.stored.increment();
    tally.bytesWritten.add(blockBytes);
    if (!ledger.stored(id, salt)) {
      witness
          .doubts()
          .add(
              BrokenPromise.TWO_COPIES,
              key(id),
              "stored by writer %d and again by writer %d, while no node's session ended"
                  .formatted(ledger.writerOf(id), salt));
    }
  }

  private void verify(long id, ByteBuffer buffer, Tally tally) {
    tally.bytesRead.add(blockBytes);
    tally.bytesVerified.add(blockBytes);
    OptionalInt verified = BlockContent.verify(buffer, id);
    int writer = verified.orElse(0);
    if (verified.isEmpty()) {
      witness
          .evidence()
          .broken(BrokenPromise.WRONG_BYTES, key(id), "bytes that are no one writer's");
    } else if (!ledger.hasTried(id, writer)) {
      witness
          .evidence()
          .broken(
              BrokenPromise.WRONG_BYTES, key(id), "bytes of writer " + writer + ", who put none");
    } else if (ledger.isAnothers(id, writer)) {
      witness
          .doubts()
          .add(
              BrokenPromise.WRONG_BYTES,
              key(id),
              "bytes of writer %d, while writer %d stored it and no node's session ended"
                  .formatted(writer, ledger.writerOf(id)));
    }
  }

  private <T> Call<T> call(String name, CompletableFuture<T> answer) {
    return new Call<>(name, answer, cache.deadline(), witness);
  }

  /** The answer, or null if the call failed, which is counted. */
  private <T> @Nullable T await(Call<T> call, LongAdder refusals, Tally tally)
      throws InterruptedException {
    try {
      return call.await();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case LarderException refused when refused.isTemporary() -> refusals.increment();
        case WrongLengthException wrong ->
            witness
                .evidence()
                .broken(BrokenPromise.WRONG_BYTES, call.name(), String.valueOf(wrong.getMessage()));
        case null, default -> failed(call.name(), String.valueOf(e.getCause()), tally);
      }
      return null;
    }
  }

  private static void failed(String call, String reason, Tally tally) {
    tally.failedCalls.increment();
    if (tally.failedCalls.sum() <= LOGGED_FAILURES) {
      LOG.warn("{} failed: {}", call, reason);
    }
  }

  private static <T> CompletableFuture<T> timed(
      CompletableFuture<T> answer, LatencyHistogram histogram) {
    long start = System.nanoTime();
    return answer.whenComplete((_, _) -> histogram.record(System.nanoTime() - start));
  }

  private List<String> keys(List<Long> ids) {
    return ids.stream().map(this::key).toList();
  }
}
