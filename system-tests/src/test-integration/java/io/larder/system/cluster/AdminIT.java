package io.larder.system.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.Paths;
import io.larder.node.LateAnswers;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** What an operator does to a cluster that is in use. */
@Tag("integration")
class AdminIT {
  private static final int VALUE_BYTES = 150_000;

  /** Three fill a segment of 4 MiB. */
  private static final int LARGE_BYTES = 1_380_000;

  /** As patient as the tests. */
  private static final String WITHIN = "--within=" + Patience.limit().toSeconds();

  @TempDir Path dir;
  private TestCluster cluster;
  private AdminCli admin;

  @BeforeEach
  void start() throws Exception {
    start("cluster", TestCluster.Options.DEFAULT);
  }

  private void start(String folder, TestCluster.Options options) throws Exception {
    cluster = new TestCluster(Files.createDirectory(dir.resolve(folder)), 3, options);
    admin = new AdminCli("--zookeeper", cluster.zooKeeperAddress(), "--cluster", "test");
    if (options.password().isEmpty()) {
      admin.awaitSlots("node-1", "node-2", "node-3");
    }
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private void put(int node, int from, int to) {
    try (Jedis jedis = cluster.connect(node)) {
      for (int i = from; i < to; i++) {
        assertThat(jedis.set(key(i), TestCluster.value(VALUE_BYTES, i))).isEqualTo("OK");
      }
    }
  }

  private static byte[] key(int i) {
    return ("moved-" + i).getBytes(UTF_8);
  }

  private void assertOneRightCopyOfEach(Collection<Integer> keys) {
    assertOneRightCopyOfEach(keys, VALUE_BYTES);
  }

  private void assertOneRightCopyOfEach(Collection<Integer> keys, int valueBytes) {
    List<Jedis> nodes = IntStream.range(0, cluster.size()).mapToObj(cluster::connect).toList();
    for (int i : keys) {
      assertThat(TestCluster.found(nodes.get(i % nodes.size()), key(i)))
          .as("key %d", i)
          .isEqualTo(TestCluster.value(valueBytes, i));
    }
    nodes.forEach(Jedis::close);
    assertThat(cluster.copies(keys.stream().map(AdminIT::key).toList()))
        .as("copies of each")
        .containsOnly(1);
  }

  /** Clients that read what is there and put more, through every node, until they are stopped. */
  private final class Load implements AutoCloseable {
    final Map<Integer, Boolean> acknowledged = new ConcurrentHashMap<>();
    final AtomicInteger wrong = new AtomicInteger();
    final AtomicInteger missing = new AtomicInteger();
    final AtomicInteger reads = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    Load(int stored) {
      for (int i = 0; i < stored; i++) {
        acknowledged.put(i, true);
      }
      for (int client = 0; client < 3; client++) {
        int number = client;
        threads.add(Thread.ofPlatform().start(() -> run(number, stored)));
      }
    }

    private void run(int number, int stored) {
      int next = 1_000_000 * (number + 1);
      Random random = new Random(number);
      LateAnswers late = new LateAnswers();
      try (Jedis jedis = cluster.connect(number)) {
        jedis.clientSetname("load"); // else an error to SET closes the connection
        while (!over.get()) {
          int old = random.nextInt(stored);
          long asked = System.nanoTime();
          byte[] found = jedis.get(key(old));
          reads.incrementAndGet();
          if (found == null) {
            missing.addAndGet(late.explain(asked) ? 0 : 1);
          } else if (!Arrays.equals(found, TestCluster.value(VALUE_BYTES, old))) {
            wrong.incrementAndGet();
          }
          if (random.nextInt(4) == 0) {
            try {
              jedis.set(key(next), TestCluster.value(VALUE_BYTES, next));
              acknowledged.put(next++, true);
            } catch (JedisException e) {
              refused.incrementAndGet();
            }
          }
        }
      }
    }

    @Override
    public void close() throws InterruptedException {
      over.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  @Test
  void aNodeIsDrainedUnderLoadAndNothingIsWrongOrLostOrTwice() throws Exception {
    put(1, 0, 120);
    put(0, 120, 160);
    Load load = new Load(160);
    try (load) {
      admin.must("node", "drain", "node-2");
      assertThat(admin.err()).contains("nothing was changed: say --yes");
      assertThat(admin.node("node-2").path("state").asText()).isEqualTo("live");
      admin.must("node", "drain", "node-2", "--yes", WITHIN);
      await().until(() -> load.reads.get() > 50 && load.acknowledged.size() > 160);
    }
    assertThat(load.wrong).hasValue(0);
    assertThat(load.refused).hasValue(0);
    assertThat(load.missing.get())
        .as("misses of %s reads that no late peer explains", load.reads)
        .isLessThan(30);
    JsonNode drained = admin.node("node-2");
    assertThat(drained.path("state").asText()).isEqualTo("draining");
    assertThat(drained.path("records").asLong()).isZero();
    assertThat(drained.path("slots").asInt()).isZero();
    assertOneRightCopyOfEach(load.acknowledged.keySet());
    admin.must("rebalance", "status", "-o", "json");
    assertThat(admin.json().path("state").asText()).isEqualTo("DONE");
    assertThat(admin.json().at("/steps/0/movedBytes").asLong())
        .isGreaterThanOrEqualTo(120L * VALUE_BYTES);

    cluster.stop(1);
    await().untilAsserted(() -> admin.must("node", "remove", "node-2", "--yes"));
    admin.must("slots", "-o", "json");
    assertThat(admin.out()).doesNotContain("node-2");
  }

  @Test
  void aNodeDrainedUntilItsReturnTakesRecordsByItselfWhenItIsBack() throws Exception {
    put(1, 0, 30);
    admin.must("node", "drain", "node-2", "--yes", "--until-return", WITHIN);
    assertThat(admin.node("node-2").path("records").asLong()).isZero();
    put(1, 30, 40);
    assertThat(admin.node("node-2").path("records").asLong()).isZero();
    cluster.restart(1);
    await().until(() -> admin.node("node-2").path("state").asText().equals("live"));
    put(1, 40, 50);
    assertThat(admin.node("node-2").path("records").asLong()).isEqualTo(10);
    assertOneRightCopyOfEach(upTo(50));
  }

  @Test
  void aDrainUntilReturnThatIsCutShortEndsAndHoldsNoOtherUp() throws Exception {
    put(1, 0, 60);
    // 9 MB: it would take a minute and a half.
    admin.must("node", "drain", "node-2", "--yes", "--until-return", "--throttle=100KiB");
    await().until(() -> admin.node("node-2").path("records").asLong() < 60);
    cluster.restart(1);
    await()
        .untilAsserted(() -> {
          admin.must("rebalance", "status", "-o", "json");
          assertThat(admin.json().path("state").asText()).isEqualTo("CANCELLED");
          assertThat(admin.node("node-2").path("state").asText()).isEqualTo("live");
        });
    admin.must("node", "drain", "node-3", "--yes", WITHIN);
    assertOneRightCopyOfEach(upTo(60));
  }

  @Test
  void aDrainThatWaitsTakesItsTurnBehindAnother() throws Exception {
    put(0, 0, 40);
    // 6 MB, 20 seconds: it is not over before the next is asked for.
    admin.must("node", "drain", "node-1", "--yes", "--throttle=300KiB");
    admin.must("node", "drain", "node-2", "--yes", WITHIN);
    assertThat(admin.err()).contains("the drain of node-2 comes after it");
    assertThat(admin.node("node-1").path("records").asLong()).isZero();
    assertThat(admin.node("node-2").path("records").asLong()).isZero();
    assertOneRightCopyOfEach(upTo(40));
  }

  @Test
  void aFourthNodeGetsItsShareByPlanAndApply() throws Exception {
    put(0, 0, 20);
    await().until(() -> admin.run("rebalance", "plan", "--check") == 0);
    await().until(() -> saidToHold("node-1") == 20); // else the new node gets its share by itself
    cluster.restartCoordinator();
    cluster.addNode();
    await()
        .untilAsserted(
            () -> admin.ends(3, List.of("node-4 owns no slots", "rebalance plan"), "check"));
    Path plan = dir.resolve("plan.json");
    assertThat(admin.run("rebalance", "plan", "--check", "--file", plan.toString())).isEqualTo(3);
    assertThat(admin.node("node-4").path("slots").asInt()).isZero();
    admin.must("rebalance", "apply", plan.toString(), WITHIN);
    assertThat(admin.node("node-4").path("slots").asInt()).isEqualTo(Slots.COUNT / 4);
    await().untilAsserted(() -> admin.must("check"));
    put(3, 20, 40);
    assertOneRightCopyOfEach(upTo(40));
  }

  /** How many records a node's last heartbeat speaks of. */
  private long saidToHold(String nodeId) throws Exception {
    try (ZooKeeper reader = new ZooKeeper(cluster.zooKeeperAddress(), 10_000, _ -> {})) {
      byte[] written =
          reader.getData(new Paths(TestCluster.CLUSTER).heartbeat(nodeId), false, null);
      return Heartbeat.decode(written).records();
    }
  }

  @Test
  void bytesMoveOffAnOverfullNodeUntilItIsNoFullerThanTheOthers() throws Exception {
    cluster.close();
    start("another", new TestCluster.Options(512L << 20, 2 << 20, ""));
    int stored = 0;
    try (Jedis jedis = cluster.connect(0)) {
      // Just over-full: at 93% it would begin to evict.
      while (stored < 320 || fill(admin.node("node-1")) <= 0.9) {
        assertThat(jedis.set(key(stored), TestCluster.value(LARGE_BYTES, stored))).isEqualTo("OK");
        stored++;
      }
    }
    assertThat(admin.run("rebalance", "plan", "--check", "-o", "json")).isEqualTo(3);
    assertThat(admin.json().at("/steps/0/from").asText()).isEqualTo("node-1");
    admin.must("rebalance", "apply", "--yes", "--throttle=none", WITHIN);
    assertThat(fill(admin.node("node-1"))).isBetween(0.25, 0.40);
    assertThat(fill(admin.node("node-2"))).isBetween(0.25, 0.40);
    assertThat(fill(admin.node("node-3"))).isBetween(0.25, 0.40);
    assertThat(admin.run("rebalance", "plan", "--check")).isZero();
    assertOneRightCopyOfEach(upTo(stored), LARGE_BYTES);
  }

  @Test
  void nodesWithAPasswordAreAdministeredWithItAndTheirValuesMove() throws Exception {
    cluster.close();
    start("another", new TestCluster.Options(2L << 30, 64 << 20, "sesame"));
    put(1, 0, 30);
    admin.ends(3, List.of("node node-1", "NOAUTH", "--password-file"), "nodes");
    Path file = dir.resolve("password");
    Files.writeString(file, "wrong\n");
    admin.ends(3, List.of("WRONGPASS"), "nodes", "--password-file", file.toString());
    Files.writeString(file, "sesame\n");
    admin.always("--password-file", file.toString());
    admin.must("check");
    admin.must("node", "drain", "node-2", "--yes", WITHIN);
    assertThat(admin.node("node-2").path("records").asLong()).isZero();
    admin.must("key", "locate", "moved-1");
    assertOneRightCopyOfEach(upTo(30));
  }

  private static double fill(JsonNode node) {
    return node.path("usedBytes").asDouble() / node.path("capacityBytes").asDouble();
  }

  private static List<Integer> upTo(int count) {
    return IntStream.range(0, count).boxed().toList();
  }
}
