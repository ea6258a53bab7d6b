package io.larder.system.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.larder.bench.faults.ByteCounter;
import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/**
 * What an operator asks for and cannot have: told why and what to do, by an exit code of its own,
 * and nothing is changed.
 */
@Tag("integration")
class AdminBadInputIT {
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
    admin.awaitSlots("node-1", "node-2", "node-3");
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  /** Slot table and moves, as JSON. */
  private String state() {
    admin.must("slots", "-o", "json");
    String slots = admin.out();
    admin.must("rebalance", "status", "-o", "json");
    return slots + admin.out();
  }

  private void refused(int code, List<String> said, String... words) {
    String before = state();
    admin.ends(code, said, words);
    assertThat(state()).as(String.join(" ", words)).isEqualTo(before);
  }

  private void fill(int node, String prefix, int values, int bytes) {
    try (Jedis jedis = cluster.connect(node)) {
      for (int i = 0; i < values; i++) {
        assertThat(jedis.set((prefix + i).getBytes(UTF_8), TestCluster.value(bytes, i)))
            .isEqualTo("OK");
      }
    }
  }

  @Test
  void aZooKeeperThatDoesNotAnswerIsATimeoutAndAnUnknownClusterAFailure() {
    assertThat(admin.runBare("nodes", "--zookeeper", "127.0.0.1:1", "--timeout", "1")).isEqualTo(4);
    assertThat(admin.err()).contains("127.0.0.1:1", "start it or correct --zookeeper");
    assertThat(admin.runBare("status", "--zookeeper", "127.0.0.1:1", "--timeout", "1"))
        .isEqualTo(4);
    assertThat(admin.err()).contains("127.0.0.1:1", "start it or correct --zookeeper");
    for (String word : List.of("nodes", "status")) {
      assertThat(
              admin.runBare(word, "--zookeeper", cluster.zooKeeperAddress(), "--cluster", "other"))
          .isEqualTo(1);
      assertThat(admin.err()).contains("no cluster 'other'", "--cluster");
    }
  }

  @Test
  void wrongUsageIsNamedBeforeAnythingIsAsked() {
    refused(2, List.of("fast", "64MiB"), "node", "drain", "node-1", "--throttle", "fast", "--yes");
    refused(2, List.of("name a plan's file", "--yes"), "rebalance", "apply");
    refused(2, List.of("nonsense"), "nonsense");
    assertThat(admin.runBare("node")).isEqualTo(2);
    assertThat(admin.err()).contains("Which of drain, undrain, remove?");
    refused(2, List.of("/none", "cannot be read"), "nodes", "--password-file", "/none");
    refused(2, List.of("--timeout 0"), "nodes", "--timeout", "0");
    refused(2, List.of("NODE"), "node", "drain");
  }

  @Test
  void aNodeThatCannotBeReachedIsNamedAndNotDrained() throws Exception {
    cluster.addUnreachableNode();
    await().until(() -> admin.run("nodes") == 3 && admin.out().contains("silent"));
    assertThat(admin.err()).contains("node node-4", "127.0.0.200");
    admin.ends(3, List.of("node node-4", "127.0.0.200"), "check");
    // It may still be getting its slots, as a young cluster's fourth.
    admin.ends(
        1,
        List.of("node-4 does not answer at 127.0.0.200", "bring it back", "Nothing was changed"),
        "node",
        "drain",
        "node-4",
        "--yes");
    admin.must("rebalance", "status");
    assertThat(admin.err()).contains("no move is under way, and none was");
  }

  @Test
  void whatPlainSessionsLostIsAWarningOfAHealthyCluster() throws Exception {
    await().untilAsserted(() -> admin.must("check"));
    assertThat(admin.out()).contains("healthy: 3 nodes").doesNotContain("warning");
    try (ByteCounter client =
        ByteCounter.connect(
            "127.0.0.1", cluster.node(1).port(), Reading.BY_COUNT, Patience.limitMs())) {
      assertThat(client.set("", new byte[10])).isEqualTo(Outcome.YES); // no key is empty
    }
    admin.must("check");
    assertThat(admin.out())
        .contains(
            "healthy: 3 nodes", "warning: node node-2 has dropped puts", "(too_large 1): format");
    admin.must("check", "-o", "json");
    JsonNode verdict = admin.json();
    assertThat(verdict.path("healthy").asBoolean()).isTrue();
    assertThat(verdict.path("warnings")).hasSize(1);
    JsonNode report = verdict.path("nodes").path("node-2");
    assertThat(report.path("droppedPuts").path("too_large").asInt()).isEqualTo(1);
    assertThat(verdict.path("nodes").path("node-1").path("droppedPuts")).isEmpty();
    assertThat(report.path("droppedNotes").isNumber()).isTrue();
    assertThat(report.path("withdrawnPuts").isNumber()).isTrue();
  }

  @Test
  void unknownNodesAreAnsweredWithTheKnownOnes() {
    List<String> known = List.of("no live node 'node-9'", "node-1, node-2, node-3");
    refused(1, known, "node", "drain", "node-9", "--yes");
    refused(1, known, "node", "undrain", "node-9", "--yes");
    refused(1, known, "slots", "--node", "node-9");
    refused(1, List.of("no node 'node-9' was ever here"), "node", "remove", "node-9", "--yes");
    refused(1, List.of("node-1 is not drained"), "node", "undrain", "node-1", "--yes");
    refused(1, List.of("node-1 is running", "drain it"), "node", "remove", "node-1", "--yes");
    refused(1, List.of("no move is under way"), "rebalance", "cancel");
    refused(3, List.of("no live node holds the key"), "key", "locate", "nowhere");
  }

  @Test
  void aPlanOfAnotherVersionOrClusterOrOfNoFormIsRefused() throws Exception {
    Path plan = dir.resolve("plan.json");
    Path other = dir.resolve("other.json");
    fill(0, "k", 5, 1_000);
    admin.must("node", "drain", "node-2", "--file", plan.toString());
    String text = Files.readString(plan);
    Files.writeString(other, text.replace("\"cluster\" : \"test\"", "\"cluster\" : \"x\""));
    refused(1, List.of("for cluster 'x'"), "rebalance", "apply", other.toString());
    Files.writeString(other, text.replace("\"PLANNED\"", "\"DONE\""));
    refused(1, List.of("not a plan"), "rebalance", "apply", other.toString());
    Files.writeString(other, text.replace("node-2", "node-9"));
    refused(1, List.of("no live node 'node-9'"), "rebalance", "apply", other.toString());
    Files.writeString(other, "{}");
    refused(1, List.of("a plan of format none"), "rebalance", "apply", other.toString());
    Files.writeString(other, "{\"format\" : 1}");
    refused(1, List.of("not a plan", "'id'"), "rebalance", "apply", other.toString());
    Files.writeString(other, "no JSON");
    refused(1, List.of("not a plan"), "rebalance", "apply", other.toString());
    refused(1, List.of("no plan", "--file"), "rebalance", "apply", dir.resolve("none").toString());
    refused(1, List.of("cannot be read"), "rebalance", "apply", dir.toString());

    admin.must("node", "drain", "node-3", "--yes", WITHIN);
    refused(
        1,
        List.of("stale", "version", "Make a new one", "Nothing was changed"),
        "rebalance",
        "apply",
        plan.toString());
  }

  @Test
  void oneMoveIsUnderWayAtATime() {
    fill(0, "k", 100, 150_000);
    admin.must("node", "drain", "node-1", "--yes", "--throttle", "100KiB");
    admin.ends(
        1,
        List.of("drain-node-1", "is under way", "rebalance status --wait", "rebalance cancel"),
        "node",
        "drain",
        "node-2",
        "--yes");
    admin.ends(4, List.of("goes on"), "rebalance", "status", "--within=1");
    admin.must("node", "undrain", "node-1", "--yes");
    admin.must("rebalance", "status");
    assertThat(admin.out()).contains("cancelled");
  }

  @Test
  void theLastNodeAndOneThatHoldsMoreThanFitsElsewhereAreNotDrained() throws Exception {
    cluster.close();
    start("another", new TestCluster.Options(64L << 20, 2 << 20, ""));
    admin.must("node", "drain", "node-3", "--yes", WITHIN);
    fill(0, "a", 24, 1_380_000);
    fill(1, "b", 24, 1_380_000);
    refused(
        1,
        List.of("node-1 holds 31.", "have room for", "add a node", "--allow-eviction"),
        "node",
        "drain",
        "node-1",
        "--yes");
    admin.must("node", "drain", "node-2", "--allow-eviction");
    admin.must("node", "undrain", "node-3", "--yes");
    admin.must("node", "drain", "node-2", "--yes", WITHIN);
    admin.must("node", "drain", "node-3", "--yes", "--allow-eviction", WITHIN);
    refused(
        1,
        List.of("node-1 is the last one", "start another node, or undrain one"),
        "node",
        "drain",
        "node-1",
        "--yes");
  }

  @Test
  void aNodeThatIsGoneUndrainedIsForgottenOnlyIfItsDeviceIsSaidToBeLost() {
    cluster.stop(2);
    await()
        .untilAsserted(() ->
            admin.ends(
                1,
                List.of("node-3 was not drained", "--lost"),
                "node",
                "remove",
                "node-3",
                "--yes"));
    admin.must("node", "remove", "node-3", "--yes", "--lost");
    assertThat(admin.err()).contains("is forgotten");
  }

  @Test
  void theCompletionScriptNeedsNoCluster() {
    assertThat(admin.runBare("completion")).isZero();
    assertThat(admin.out()).contains("rebalance", "undrain", "compgen");
  }
}
