package io.larder.node.bench;

import io.larder.node.bench.BlockCache.Joined;
import io.larder.node.bench.BlockCache.Lease;
import io.larder.node.bench.BlockCache.PutAnswer;
import io.larder.node.bench.BlockCache.Source;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

  /** Above every deadline of the client: reached only if the client breaks its promise. */
  private static final long HANG_SECONDS = 60;

  private static final int IN_FLIGHT_BYTES = 16 << 20;
  private static final int IN_FLIGHT_BLOCKS = 48;
  private static final int LEASE_BATCH = 512;
  private static final int LOGGED_MISMATCHES = 10;
  private static final int LOGGED_FAILURES = 10;

  private record Pending<T>(long id, ByteBuffer buffer, Future<T> answer) {}

  private final int salt;
  private final String keyPrefix;
  private final int blockBytes;
  private final BlockCache cache;
  private final Ledger ledger;
  private final ArrayDeque<ByteBuffer> buffers = new ArrayDeque<>();

  InferenceServer(int salt, String keyPrefix, int blockBytes, BlockCache cache, Ledger ledger) {
    this.salt = salt;
    this.keyPrefix = keyPrefix;
    this.blockBytes = blockBytes;
    this.cache = cache;
    this.ledger = ledger;
    int count = Math.clamp(IN_FLIGHT_BYTES / blockBytes, 2, IN_FLIGHT_BLOCKS);
    for (int i = 0; i < count; i++) {
      buffers.add(ByteBuffer.allocateDirect(blockBytes));
    }
  }

  /** Longest stored prefix, fetch it, compute and put the rest. */
  void serve(List<Long> blockIds, Tally tally) throws InterruptedException {
    tally.lookups.add(blockIds.size());
    Integer found = await(cache.prefix(keys(blockIds)), "prefix", tally);
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
      List<Lease> leases = await(cache.lease(keys(batch)), "lease", tally);
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
      pending.add(new Pending<>(id, buffer, timed(cache.get(key(id), buffer), tally.gets)));
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
    for (long id : fetch(elsewhere, tally, false)) {
      failed("get of " + key(id), "a miss, though its lease was answered EXISTS", tally);
    }
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
            tally.computed.increment();
          };
      pending.add(new Pending<>(id, buffer, cache.putOrWait(key(id), buffer, compute)));
    }
    while (!pending.isEmpty()) {
      finishJoin(pending.remove(), tally);
    }
  }

  private void finishJoin(Pending<Joined> join, Tally tally) throws InterruptedException {
    Joined joined = await(join.answer(), "put-or-wait", tally);
    switch (joined) {
      case null -> {}
      case FOUND -> {
        tally.suppressed.increment();
        verify(join.id(), join.buffer(), tally);
      }
      case STORED -> acknowledged(join.id(), tally);
      case SUPPRESSED -> tally.suppressed.increment();
      case FAILED -> failed("put-or-wait of " + key(join.id()), "not stored", tally);
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
    tally.computed.increment();
    puts.add(
        new Pending<>(id, buffer, timed(cache.put(key(id), buffer, granted.token()), tally.puts)));
  }

  private void drain(ArrayDeque<Pending<PutAnswer>> puts, Tally tally) throws InterruptedException {
    while (!puts.isEmpty()) {
      finishPut(puts.remove(), tally);
    }
  }

  private void finishPut(Pending<PutAnswer> put, Tally tally) throws InterruptedException {
    PutAnswer answer = await(put.answer(), "put", tally);
    buffers.add(put.buffer());
    switch (answer) {
      case null -> {} // unknown: not acknowledged
      case STORED -> acknowledged(put.id(), tally);
      case EXISTS -> tally.suppressed.increment();
      case HELD -> failed("put of " + key(put.id()), "HELD under a granted token", tally);
    }
  }

  private void finishGet(
      Pending<Optional<Source>> get, List<Long> absent, Tally tally, boolean countHits)
      throws InterruptedException {
    Optional<Source> answer = await(get.answer(), "get", tally);
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

  private void acknowledged(long id, Tally tally) {
    tally.stored.increment();
    tally.bytesWritten.add(blockBytes);
    if (!ledger.acknowledged(id, salt)) {
      tally.doubleAcknowledgements.increment();
    }
  }

  private void verify(long id, ByteBuffer buffer, Tally tally) {
    tally.bytesRead.add(blockBytes);
    tally.bytesVerified.add(blockBytes);
    int writer = BlockContent.verify(buffer, id);
    int acknowledged = ledger.saltOf(id);
    // A read may overtake the acknowledgement of its own put on another connection.
    if (writer < 0 || (acknowledged != 0 && writer != acknowledged)) {
      tally.mismatches.increment();
      if (tally.mismatches.sum() <= LOGGED_MISMATCHES) {
        LOG.error(
            "{} has bytes of writer {}, acknowledged was writer {}", key(id), writer, acknowledged);
      }
    }
  }

  /** The answer, or null if the call failed, which is counted. */
  private static <T> @Nullable T await(Future<T> answer, String call, Tally tally)
      throws InterruptedException {
    try {
      return answer.get(HANG_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      failed(call, String.valueOf(e.getCause()), tally);
    } catch (TimeoutException e) {
      // Its buffer may still be written to by the network: never give it to another call.
      throw new IllegalStateException(
          "a " + call + " has not returned for " + HANG_SECONDS + " s: the client hangs", e);
    }
    return null;
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
