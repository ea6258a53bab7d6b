package io.larder.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.larder.coordinator.cli.AdminCommand;
import io.larder.protocol.Slots;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** What an operator does to a cluster that is in use. */
class AdminIT {
  private static final int VALUE_BYTES = 150_000;

  @TempDir Path dir;
  private TestCluster cluster;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() throws Exception {
    cluster = new TestCluster(dir, 3);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  /** Runs one word of {@code larder admin} and answers its exit code. */
  private int admin(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--zookeeper", cluster.zooKeeperAddress(), "--cluster", "test"));
    return run(all.toArray(String[]::new));
  }

  private int run(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return new CommandLine(new AdminCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }

  private JsonNode json() throws Exception {
    return JsonMapper.builder().build().readTree(out.toString());
  }

  private JsonNode node(String nodeId) throws Exception {
    assertThat(admin("nodes", "-o", "json")).as(err.toString()).isZero();
    for (JsonNode node : json()) {
      if (node.path("nodeId").asText().equals(nodeId)) {
        return node;
      }
    }
    throw new AssertionError(nodeId + " is not listed: " + out);
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

  private void assertOneRightCopyOfEach(Iterable<Integer> keys) {
    int through = 0;
    for (int i : keys) {
      try (Jedis jedis = cluster.connect(through++ % cluster.size())) {
        assertThat(jedis.get(key(i))).as("key %d", i).isEqualTo(TestCluster.value(VALUE_BYTES, i));
      }
      assertThat(cluster.copies(key(i))).as("copies of key %d", i).isEqualTo(1);
    }
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
      java.util.Random random = new java.util.Random(number);
      try (Jedis jedis = cluster.connect(number)) {
        jedis.clientSetname("load"); // else an error to SET closes the connection
        while (!over.get()) {
          int old = random.nextInt(stored);
          byte[] found = jedis.get(key(old));
          reads.incrementAndGet();
          if (found == null) {
            missing.incrementAndGet();
          } else if (!Arrays.equals(found, TestCluster.value(VALUE_BYTES, old))) {
            wrong.incrementAndGet();
          }
          if (random.nextInt(4) == 0) {
            try {
              jedis.set(key(next), TestCluster.value(VALUE_BYTES, next));
              acknowledged.put(next++, true);
            } catch (JedisException e) {
              refused.incrementAndGet(); // TRYAGAIN while a slot changes its owner
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
      assertThat(admin("node", "drain", "node-2")).as(err.toString()).isZero();
      assertThat(err.toString()).contains("nothing was changed: say --yes");
      assertThat(node("node-2").path("state").asText()).isEqualTo("live");
      assertThat(admin("node", "drain", "node-2", "--yes", "--within=60"))
          .as(() -> out + "\n" + err)
          .isZero();
    }
    assertThat(load.wrong).hasValue(0);
    assertThat(load.reads.get()).isGreaterThan(50);
    assertThat(load.missing.get()).as("misses of %s reads", load.reads).isLessThan(30);
    assertThat(load.acknowledged.size()).isGreaterThan(160);
    JsonNode drained = node("node-2");
    assertThat(drained.path("state").asText()).isEqualTo("draining");
    assertThat(drained.path("records").asLong()).isZero();
    assertThat(drained.path("slots").asInt()).isZero();
    assertOneRightCopyOfEach(load.acknowledged.keySet());
    assertThat(admin("rebalance", "status", "-o", "json")).isZero();
    assertThat(json().path("state").asText()).isEqualTo("DONE");
    assertThat(json().at("/steps/0/movedBytes").asLong())
        .isGreaterThanOrEqualTo(120L * VALUE_BYTES);

    assertThat(admin("node", "remove", "node-2", "--yes")).isEqualTo(1);
    assertThat(err.toString()).contains("node-2 is running");
    cluster.stop(1);
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() ->
            assertThat(admin("node", "remove", "node-2", "--yes")).as(err.toString()).isZero());
    assertThat(admin("slots", "-o", "json")).isZero();
    assertThat(out.toString()).doesNotContain("node-2");
  }

  @Test
  void aDrainWhoseCoordinatorIsReplacedIsCarriedOnByTheNext() throws Exception {
    put(2, 0, 150);
    // 22 MB at 4 MB a second: the first coordinator cannot end it.
    assertThat(admin("node", "drain", "node-3", "--yes", "--throttle", "4MiB")).isZero();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            admin("rebalance", "status", "-o", "json") == 0
                && json().at("/steps/0/movedBytes").asLong() > 0);
    cluster.replaceCoordinator();
    long before = System.nanoTime();
    assertThat(admin("rebalance", "status", "--within=60")).as(() -> out + "\n" + err).isZero();
    assertThat(System.nanoTime() - before).isGreaterThan(1_000_000_000L); // it had not been done
    assertThat(node("node-3").path("records").asLong()).isZero();
    List<Integer> keys = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      keys.add(i);
    }
    assertOneRightCopyOfEach(keys);
  }

  @Test
  void aFourthNodeGetsItsShareByPlanAndApplyAndAnOldPlanIsRefused() throws Exception {
    put(0, 0, 20);
    Path old = dir.resolve("old.json");
    await().atMost(Duration.ofSeconds(20)).until(() -> admin("rebalance", "plan", "--check") == 0);
    // Past the time in which a new cluster spreads by itself.
    await().pollDelay(Duration.ofSeconds(6)).atMost(Duration.ofSeconds(7)).until(() -> true);
    cluster.addNode();
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(admin("check")).isEqualTo(3));
    assertThat(out.toString()).contains("node-4 owns no slots");
    assertThat(admin("rebalance", "plan", "--check", "--file", old.toString())).isEqualTo(3);
    assertThat(node("node-4").path("slots").asInt()).isZero();
    Path plan = dir.resolve("plan.json");
    assertThat(admin("rebalance", "plan", "--file", plan.toString())).isZero();
    assertThat(admin("rebalance", "apply", plan.toString(), "--within=60"))
        .as(() -> out + "\n" + err)
        .isZero();
    assertThat(node("node-4").path("slots").asInt()).isEqualTo(Slots.COUNT / 4);
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(admin("check")).as(out.toString()).isZero());
    assertThat(admin("rebalance", "apply", old.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("stale", "Nothing was changed");
    put(3, 100, 120);
    List<Integer> keys = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      keys.add(i);
      keys.add(100 + i);
    }
    assertOneRightCopyOfEach(keys);

    String other = Files.readString(plan).replace("\"cluster\" : \"test\"", "\"cluster\" : \"x\"");
    Files.writeString(plan, other);
    assertThat(admin("rebalance", "apply", plan.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("cluster 'x'");
    Files.writeString(plan, "{}");
    assertThat(admin("rebalance", "apply", plan.toString())).isEqualTo(1);
    assertThat(admin("rebalance", "apply", dir.resolve("none.json").toString())).isEqualTo(1);
  }

  @Test
  void whatCannotBeDoneIsRefusedWithTheReasonAndTheRemedy() throws Exception {
    assertThat(admin("node", "drain", "node-9", "--yes")).isEqualTo(1);
    assertThat(err.toString()).contains("no live node 'node-9'", "node-1");
    assertThat(admin("node", "undrain", "node-1", "--yes")).isEqualTo(1);
    assertThat(err.toString()).contains("not drained");
    assertThat(admin("node", "remove", "node-9", "--yes")).isEqualTo(1);
    assertThat(admin("rebalance", "cancel")).isEqualTo(1);
    assertThat(err.toString()).contains("no move is under way");
    assertThat(admin("rebalance", "apply")).isEqualTo(2);
    assertThat(admin("nonsense")).isEqualTo(2);
    assertThat(admin("node", "drain", "node-1", "--throttle", "fast")).isEqualTo(2);
    assertThat(run("nodes", "--zookeeper", "127.0.0.1:1", "--timeout", "1")).isEqualTo(4);
    assertThat(err.toString()).contains("127.0.0.1:1", "start it or correct");
    assertThat(run("nodes", "--zookeeper", cluster.zooKeeperAddress(), "--cluster", "other"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("no cluster 'other'");

    put(0, 0, 100);
    assertThat(admin("node", "drain", "node-1", "--yes", "--throttle", "1MiB")).isZero();
    assertThat(admin("node", "drain", "node-2", "--yes")).isEqualTo(1);
    assertThat(err.toString()).contains("is under way", "cancel");
    assertThat(admin("rebalance", "status", "--within=1")).isEqualTo(4);
    assertThat(admin("node", "undrain", "node-1", "--yes")).isZero();
    assertThat(node("node-1").path("state").asText()).isEqualTo("live");
    assertThat(admin("rebalance", "status", "-o", "json")).isZero();
    assertThat(json().path("state").asText()).isEqualTo("CANCELLED");

    assertThat(admin("node", "drain", "node-2", "--yes", "--within=60")).isZero();
    assertThat(admin("node", "drain", "node-3", "--yes", "--within=60")).isZero();
    assertThat(admin("node", "drain", "node-1", "--yes")).isEqualTo(1);
    assertThat(err.toString()).contains("node-1 is the last one");
    assertThat(admin("key", "locate", "moved-1", "-o", "json")).isZero();
    assertThat(json().path("copies").get(0).asText()).isEqualTo("node-1");
    assertThat(admin("key", "locate", "nowhere")).isEqualTo(3);
    assertThat(admin("completion")).isEqualTo(2); // it asks no cluster
    assertThat(run("completion")).isZero();
    assertThat(out.toString()).contains("rebalance", "compgen");
  }
}
