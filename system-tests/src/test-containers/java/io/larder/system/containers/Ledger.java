package io.larder.system.containers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
import io.larder.client.LarderException;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

/**
 * Every put that was tried and what was said of it, and at the end the three promises checked on
 * every node. Every attempt has bytes of its own. Thread-safe.
 */
final class Ledger {
  private static final int[] LENGTHS = {1_000, 70_000, 300_000, 1_200_000};

  private final Map<String, Set<Long>> seeds = new ConcurrentHashMap<>();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong nextSeed = new AtomicLong(1);
  private final AtomicLong slowestNanos = new AtomicLong();
  private final AtomicLong reads = new AtomicLong();
  private volatile String lastFailure = "";
  private volatile String wrongBytes = "";

  /** Puts bytes of this attempt's own; a failure is written down, not thrown. */
  boolean put(LarderClient client, String key) {
    long seed = nextSeed.getAndIncrement();
    seeds.computeIfAbsent(key, _ -> ConcurrentHashMap.newKeySet()).add(seed);
    long start = System.nanoTime();
    try {
      PutOutcome outcome =
          client
              .blocking()
              .put(key.getBytes(UTF_8), ByteBuffer.wrap(value(key, seed)), PutOptions.NONE);
      if (outcome == PutOutcome.HELD) {
        lastFailure = key + " is held by another";
        return false;
      }
      acknowledged.add(key);
      return true;
    } catch (LarderException e) {
      lastFailure = String.valueOf(e.getMessage());
      return false;
    } finally {
      slowestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
    }
  }

  /** Reads any acknowledged key; a miss is an answer, bytes that nobody put are written down. */
  void readAny(LarderClient client) {
    Optional<String> any =
        acknowledged.stream().skip(nextSeed.get() % Math.max(1, acknowledged.size())).findFirst();
    if (any.isEmpty()) {
      return;
    }
    String key = any.get();
    long start = System.nanoTime();
    Optional<CachedBlock> found = client.blocking().get(key.getBytes(UTF_8));
    slowestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
    if (found.isPresent()) {
      try (CachedBlock block = found.get()) {
        byte[] bytes = new byte[block.info().lengthBytes()];
        block.data().get(bytes);
        seedOf(key, bytes);
        reads.incrementAndGet();
      } catch (IllegalStateException e) {
        wrongBytes = String.valueOf(e.getMessage());
      }
    }
  }

  /** Reads under load that found their block. */
  long reads() {
    return reads.get();
  }

  /** Keys of which a put was acknowledged. */
  Set<String> acknowledged() {
    return Set.copyOf(acknowledged);
  }

  /** The longest that any call took. */
  Duration slowest() {
    return Duration.ofNanos(slowestNanos.get());
  }

  String lastFailure() {
    return lastFailure;
  }

  /** What was acknowledged before may be gone: its only holder was. */
  void forgive(Set<String> keys) {
    acknowledged.removeAll(keys);
  }

  /**
   * Waits until every node answers for every acknowledged key with the same whole value and one
   * node holds it. Bytes that nobody put fail at once.
   */
  void verify(ContainerCluster cluster) {
    List<Jedis> connections = new ArrayList<>();
    try {
      for (int i = 0; i < cluster.size(); i++) {
        connections.add(cluster.connect(i));
      }
      Map<String, String> unsettled = new TreeMap<>();
      seeds.keySet().forEach(key -> unsettled.put(key, "not looked at"));
      assertThat(unsettled).isNotEmpty();
      assertThat(wrongBytes).isEmpty();
      await()
          .pollInterval(Duration.ofMillis(250))
          .untilAsserted(() -> {
            unsettled.replaceAll((key, _) -> complaint(key, connections));
            unsettled.values().removeIf(String::isEmpty);
            assertThat(unsettled).as("keys that are lost or have not one holder").isEmpty();
          });
    } finally {
      connections.forEach(Jedis::close);
    }
  }

  /** The acknowledged keys whose values are on one node's device. */
  List<String> heldBy(ContainerCluster cluster, int node) {
    try (Jedis connection = cluster.connect(node)) {
      return acknowledged.stream().filter(key -> holds(connection, key) > 0).toList();
    }
  }

  private static long holds(Jedis node, String key) {
    List<?> held =
        (List<?>) node.sendCommand(() -> "PEER.HOLDS".getBytes(UTF_8), key.getBytes(UTF_8));
    return (Long) held.getFirst();
  }

  /** What is wrong with a key; empty if nothing is. */
  private String complaint(String key, List<Jedis> nodes) {
    byte[] name = key.getBytes(UTF_8);
    List<Long> holds = new ArrayList<>();
    List<Long> found = new ArrayList<>();
    for (Jedis node : nodes) {
      holds.add(holds(node, key));
      found.add(seedOf(key, node.get(name)));
    }
    long holders = holds.stream().mapToLong(Long::longValue).sum();
    boolean here = holders == 1 && !found.contains(0L) && Set.copyOf(found).size() == 1;
    boolean nowhere = holders == 0 && Set.copyOf(found).equals(Set.of(0L));
    return here || (nowhere && !acknowledged.contains(key))
        ? ""
        : "holders by node " + holds + ", attempts read " + found;
  }

  private long seedOf(String key, byte @Nullable [] value) {
    if (value == null) {
      return 0;
    }
    return seeds.getOrDefault(key, Set.of()).stream()
        .filter(seed -> Arrays.equals(value, value(key, seed)))
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "wrong bytes: %d of them for %s, which nobody put".formatted(value.length, key)));
  }

  private static byte[] value(String key, long seed) {
    byte[] bytes = new byte[LENGTHS[Math.floorMod(key.hashCode(), LENGTHS.length)]];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
