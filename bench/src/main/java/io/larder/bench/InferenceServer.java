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
 * blocks. Puts and gets of one request overlap up to a bounded number of blocks. Every byte read is
 * compared with the expected one. Used by one thread at a time.
 */
final class InferenceServer {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceServer.class);

  private static final int IN_FLIGHT_BYTES = 16 << 20;
  private static final int IN_FLIGHT_BLOCKS = 48;
  private static final int LEASE_BATCH = 512;
  private static final int LOGGED_FAILURES = 10;

  private record Pending<T>(long id, ByteBuffer buffer, TimedCall<T> call) {}

  private final int salt;
  private final String keyPrefix;
  private final int blockBytes;
  private final BlockCache cache;
  private final Ledger ledger;
  private final Observations observations;
  private final ArrayDeque<ByteBuffer> buffers = new ArrayDeque<>();

  InferenceServer(
      int salt,
      String keyPrefix,
      int blockBytes,
      BlockCache cache,
      Ledger ledger,
      Observations observations) {
    this.salt = salt;
    this.keyPrefix = keyPrefix;
    this.blockBytes = blockBytes;
    this.cache = cache;
    this.ledger = ledger;
    this.observations = observations;
    int count = Math.clamp(IN_FLIGHT_BYTES / blockBytes, 2, IN_FLIGHT_BLOCKS);
    for (int i = 0; i < count; i++) {
      buffers.add(ByteBuffer.allocateDirect(blockBytes));
    }
  }

  /** Longest stored prefix, fetch it, compute and put the rest. */
  void serve(List<Long> blockIds, LoadCounters counters) throws InterruptedException {
    counters.lookups.add(blockIds.size());
    Integer found =
        await(
            call("prefix of " + blockIds.size() + " keys", cache.prefix(keys(blockIds))),
            counters.callsRefused,
            counters);
    int prefix = found == null ? 0 : found;
    List<Long> absent = fetch(blockIds.subList(0, prefix), counters, true);
    absent.addAll(blockIds.subList(prefix, blockIds.size()));
    computeOrJoin(absent, counters);
  }

  /**
   * Makes sure that the blocks are stored: computes the granted ones, waits for those that another
   * server computes. Settles its own grants before it waits, so that no two servers wait for each
   * other.
   */
  void computeOrJoin(List<Long> blockIds, LoadCounters counters) throws InterruptedException {
    for (int from = 0; from < blockIds.size(); from += LEASE_BATCH) {
      List<Long> batch = blockIds.subList(from, Math.min(from + LEASE_BATCH, blockIds.size()));
      List<Lease> leases =
          await(
              call("lease of " + batch.size() + " keys", cache.lease(keys(batch))),
              counters.callsRefused,
              counters);
      if (leases != null) {
        settle(batch, leases, counters);
      }
    }
  }

  /**
   * Reads blocks and verifies them.
   *
   * @param countHits whether blocks found count as hits
   * @return the missing blocks, in order
   */
  List<Long> fetch(List<Long> blockIds, LoadCounters counters, boolean countHits)
      throws InterruptedException {
    List<Long> absent = new ArrayList<>();
    ArrayDeque<Pending<Optional<Source>>> pending = new ArrayDeque<>();
    for (long id : blockIds) {
      if (buffers.isEmpty()) {
        finishGet(pending.remove(), absent, counters, countHits);
      }
      ByteBuffer buffer = buffers.remove();
      pending.add(
          new Pending<>(
              id,
              buffer,
              call("get of " + key(id), timed(cache.get(key(id), buffer), counters.gets))));
    }
    while (!pending.isEmpty()) {
      finishGet(pending.remove(), absent, counters, countHits);
    }
    return absent;
  }

  int salt() {
    return salt;
  }

  String key(long id) {
    return keyPrefix + id;
  }

  private void settle(List<Long> batch, List<Lease> leases, LoadCounters counters)
      throws InterruptedException {
    List<Long> elsewhere = new ArrayList<>();
    List<Long> held = new ArrayList<>();
    ArrayDeque<Pending<PutAnswer>> puts = new ArrayDeque<>();
    for (int i = 0; i < batch.size(); i++) {
      long id = batch.get(i);
      switch (leases.get(i)) {
        case Lease.Granted granted -> computeAndPut(id, granted, puts, counters);
        case Lease.Exists() -> elsewhere.add(id);
        case Lease.Held() -> held.add(id);
        // The lease is undecided, as while a slot moves: it is requested again, with a wait.
        case Lease.Unavailable(_) -> held.add(id);
      }
    }
    drain(puts, counters);
    join(held, counters);
    counters.suppressed.add(elsewhere.size());
    // A miss after EXISTS: the holder is out of reach at the moment.
    counters.callsRefused.add(fetch(elsewhere, counters, false).size());
  }

  /** Waits for blocks that others compute, a bounded number at a time. */
  private void join(List<Long> held, LoadCounters counters) throws InterruptedException {
    ArrayDeque<Pending<Joined>> pending = new ArrayDeque<>();
    for (long id : held) {
      if (buffers.isEmpty()) {
        finishJoin(pending.remove(), counters);
      }
      ByteBuffer buffer = buffers.remove();
      Runnable compute =
          () -> {
            BlockContent.fill(buffer, id, salt);
            ledger.tried(id, salt);
            counters.computed.increment();
          };
      pending.add(
          new Pending<>(
              id,
              buffer,
              new TimedCall<>(
                  "put-or-wait of " + key(id),
                  cache.putOrWait(key(id), buffer, compute),
                  cache.waitDeadline(),
                  observations)));
    }
    while (!pending.isEmpty()) {
      finishJoin(pending.remove(), counters);
    }
  }

  private void finishJoin(Pending<Joined> join, LoadCounters counters) throws InterruptedException {
    Joined joined = await(join.call(), counters.putsRefused, counters);
    switch (joined) {
      case null -> {}
      case FOUND -> {
        counters.suppressed.increment();
        verify(join.id(), join.buffer(), counters);
      }
      case STORED -> stored(join.id(), counters);
      case SUPPRESSED -> counters.suppressed.increment();
      case FAILED -> counters.putsRefused.increment();
    }
    buffers.add(join.buffer());
  }

  private void computeAndPut(
      long id, Lease.Granted granted, ArrayDeque<Pending<PutAnswer>> puts, LoadCounters counters)
      throws InterruptedException {
    if (buffers.isEmpty()) {
      finishPut(puts.remove(), counters);
    }
    ByteBuffer buffer = buffers.remove();
    BlockContent.fill(buffer, id, salt);
    ledger.tried(id, salt);
    counters.computed.increment();
    puts.add(
        new Pending<>(
            id,
            buffer,
            call(
                "put of " + key(id),
                timed(cache.put(key(id), buffer, granted.token()), counters.puts))));
  }

  private void drain(ArrayDeque<Pending<PutAnswer>> puts, LoadCounters counters)
      throws InterruptedException {
    while (!puts.isEmpty()) {
      finishPut(puts.remove(), counters);
    }
  }

  private void finishPut(Pending<PutAnswer> put, LoadCounters counters)
      throws InterruptedException {
    PutAnswer answer = await(put.call(), counters.putsRefused, counters);
    buffers.add(put.buffer());
    switch (answer) {
      case null -> {} // it may still succeed
      case STORED -> stored(put.id(), counters);
      case EXISTS -> counters.suppressed.increment();
      case HELD -> counters.putsRefused.increment(); // its lease ended before the put arrived
    }
  }

  private void finishGet(
      Pending<Optional<Source>> get, List<Long> absent, LoadCounters counters, boolean countHits)
      throws InterruptedException {
    Optional<Source> answer = await(get.call(), counters.callsRefused, counters);
    if (answer == null || answer.isEmpty()) {
      absent.add(get.id());
    } else {
      if (countHits) {
        counters.hits(answer.get()).increment();
      }
      verify(get.id(), get.buffer(), counters);
    }
    buffers.add(get.buffer());
  }

  private void stored(long id, LoadCounters counters) {
    counters.stored.increment();
    counters.bytesWritten.add(blockBytes);
    if (!ledger.stored(id, salt)) {
      observations
          .openFindings()
          .add(
              BrokenPromise.TWO_COPIES,
              key(id),
              "stored by writer %d and again by writer %d, while no node's session ended"
                  .formatted(ledger.writerOf(id), salt));
    }
  }

  private void verify(long id, ByteBuffer buffer, LoadCounters counters) {
    counters.bytesRead.add(blockBytes);
    counters.bytesVerified.add(blockBytes);
    OptionalInt verified = BlockContent.verify(buffer, id);
    int writer = verified.orElse(0);
    if (verified.isEmpty()) {
      observations
          .evidence()
          .broken(BrokenPromise.WRONG_BYTES, key(id), "bytes that are no one writer's");
    } else if (!ledger.hasTried(id, writer)) {
      observations
          .evidence()
          .broken(
              BrokenPromise.WRONG_BYTES, key(id), "bytes of writer " + writer + ", who put none");
    } else if (ledger.isAnothers(id, writer)) {
      observations
          .openFindings()
          .add(
              BrokenPromise.WRONG_BYTES,
              key(id),
              "bytes of writer %d, while writer %d stored it and no node's session ended"
                  .formatted(writer, ledger.writerOf(id)));
    }
  }

  private <T> TimedCall<T> call(String name, CompletableFuture<T> answer) {
    return new TimedCall<>(name, answer, cache.deadline(), observations);
  }

  /** The answer, or null if the call failed, which is counted. */
  private <T> @Nullable T await(TimedCall<T> call, LongAdder refusals, LoadCounters counters)
      throws InterruptedException {
    try {
      return call.await();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case LarderException refused when refused.isTemporary() -> refusals.increment();
        case WrongLengthException wrong ->
            observations
                .evidence()
                .broken(BrokenPromise.WRONG_BYTES, call.name(), String.valueOf(wrong.getMessage()));
        case null, default -> failed(call.name(), String.valueOf(e.getCause()), counters);
      }
      return null;
    }
  }

  private static void failed(String call, String reason, LoadCounters counters) {
    counters.failedCalls.increment();
    if (counters.failedCalls.sum() <= LOGGED_FAILURES) {
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
