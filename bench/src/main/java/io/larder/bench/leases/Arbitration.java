package io.larder.bench.leases;

import static io.larder.bench.PlainConnection.text;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.bench.LatencyHistogram;
import io.larder.bench.PlainConnection;
import io.larder.client.LarderClient;
import io.larder.client.LeaseOutcome;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;

/** Measures the owners' work for puts: leases, commits, waking of waiters. */
final class Arbitration {
  private static final int VALUE_BYTES = 64 << 10;
  private static final int PUTS_A_ROUND = 1_500;
  private static final int WAKES = 500;
  private static final long QUEUED_MS = 3;
  private static final Duration WAIT = Duration.ofMinutes(1);
  private static final int WAIT_MS = (int) WAIT.toMillis();

  /** The leases end by their deadlines here, as after a slow put. */
  private static final Duration PUT_TIME = Duration.ofMillis(250);

  private static final int BATCH = 512;
  private static final int BATCHES_IN_FLIGHT = 8;
  private static final Duration WARMING = Duration.ofSeconds(2);
  private static final Duration GRANTING = Duration.ofSeconds(2);

  private final List<LocalNode> nodes;
  private final SlotOwners owners;
  private int names;

  Arbitration(List<LocalNode> nodes, SlotOwners owners) {
    this.nodes = nodes;
    this.owners = owners;
  }

  private byte[] freshKey(LocalNode owner) {
    List<Integer> slots = owners.slotsOf(owner);
    int slot = slots.get(ThreadLocalRandom.current().nextInt(slots.size()));
    return owners.key(slot, "-arbitration-" + names++);
  }

  private static LarderClient client(LocalNode node, Duration leaseTime) {
    return LarderClient.builder()
        .localNode(node.address())
        .leaseTime(leaseTime)
        .attemptTimeout(WAIT)
        .callTimeout(WAIT)
        .build();
  }

  /**
   * The extra median time of a put, in ms, if another node than the storing one owns the key's
   * slot.
   */
  double extraPutMs() {
    LocalNode node = nodes.get(0);
    ByteBuffer value = ByteBuffer.allocateDirect(VALUE_BYTES);
    LatencyHistogram own = new LatencyHistogram();
    LatencyHistogram others = new LatencyHistogram();
    try (LarderClient client = client(node, WAIT)) {
      for (int i = -PUTS_A_ROUND / 4; i < PUTS_A_ROUND; i++) {
        long here = put(client, freshKey(node), value);
        long there = put(client, freshKey(nodes.get(1)), value);
        if (i >= 0) { // the first ones are slow for other reasons
          own.record(here);
          others.record(there);
        }
      }
    }
    return others.quantileMs(0.5) - own.quantileMs(0.5);
  }

  private static long put(LarderClient client, byte[] key, ByteBuffer value) {
    long start = System.nanoTime();
    PutOutcome outcome = client.blocking().put(key, value, PutOptions.NONE);
    long took = System.nanoTime() - start;
    if (outcome != PutOutcome.STORED) {
      throw new IllegalStateException("a put of a fresh key ends with " + outcome);
    }
    return took;
  }

  /**
   * From the holder's {@code STORED} to the waiter's {@code EXISTS} on another node; the p99 in ms.
   */
  double wakeP99Ms() throws IOException, InterruptedException {
    LatencyHistogram wakes = new LatencyHistogram();
    ByteBuffer value = ByteBuffer.allocateDirect(VALUE_BYTES);
    LocalNode waitersNode = nodes.get(1);
    try (LarderClient writer = client(nodes.get(0), WAIT);
        PlainConnection waiter =
            PlainConnection.open(waitersNode.host(), waitersNode.port(), WAIT_MS);
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < WAKES; i++) {
        byte[] key = freshKey(nodes.get(i % nodes.size()));
        if (!(writer.blocking().lease(List.of(key)).getFirst()
            instanceof LeaseOutcome.Granted granted)) {
          throw new IllegalStateException("a fresh key is not granted");
        }
        Future<Long> woken =
            thread.submit(() -> {
              byte[] answer =
                  waiter
                      .callForList(
                          text("KV.LEASE"), text("1"), key, text("WAIT"), text("" + WAIT_MS))
                      .getFirst();
              if (!new String(answer, UTF_8).equals("EXISTS")) {
                throw new IllegalStateException("woken with " + new String(answer, UTF_8));
              }
              return System.nanoTime();
            });
        Thread.sleep(QUEUED_MS);
        writer.blocking().put(key, value, PutOptions.NONE.withToken(granted.token()));
        long stored = System.nanoTime();
        wakes.record(woken.get(WAIT_MS, TimeUnit.MILLISECONDS) - stored);
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("a waiter was not woken: " + e.getCause(), e);
    }
    return wakes.quantileMs(0.99);
  }

  /** Leases that one owner grants in a second, requested in batches, after a warm-up. */
  double grantsPerSecond() throws InterruptedException {
    LocalNode owner = nodes.get(0);
    try (LarderClient client = client(owner, PUT_TIME)) {
      grantsPerSecond(client, owners.slotsOf(owner), WARMING);
      return grantsPerSecond(client, owners.slotsOf(owner), GRANTING);
    }
  }

  private double grantsPerSecond(LarderClient client, List<Integer> slots, Duration duration)
      throws InterruptedException {
    LongAdder granted = new LongAdder();
    LongAdder refused = new LongAdder();
    Semaphore window = new Semaphore(BATCHES_IN_FLIGHT);
    long start = System.nanoTime();
    long end = start + duration.toNanos();
    for (int at = 0; System.nanoTime() - end < 0; ) {
      List<byte[]> keys = new ArrayList<>(BATCH);
      for (int i = 0; i < BATCH; i++, at++) {
        keys.add(owners.key(slots.get(at % slots.size()), "-granted-" + names++));
      }
      window.acquire();
      CompletableFuture<List<LeaseOutcome>> answers = client.writer().lease(keys);
      var _ =
          answers.whenComplete((outcomes, _) -> {
            window.release();
            long grants =
                outcomes == null
                    ? 0
                    : outcomes.stream().filter(LeaseOutcome.Granted.class::isInstance).count();
            granted.add(grants);
            refused.add(BATCH - grants);
          });
    }
    window.acquire(BATCHES_IN_FLIGHT);
    double seconds = (System.nanoTime() - start) / 1e9;
    if (refused.sum() > 0) {
      throw new IllegalStateException(refused.sum() + " fresh keys were not granted");
    }
    return granted.sum() / seconds;
  }
}
