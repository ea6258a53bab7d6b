package io.larder.node.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.node.AdminCli;
import io.larder.node.bench.Trace;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A day in a cluster's life, every part a process of its own, while inference servers read and
 * write: a node joins and gets its share, another is emptied, and the coordinator that leads is
 * killed in the middle of that.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class OperateIT {
  private static final int REQUESTS = 700;

  @TempDir Path dir;

  @Test
  void aNodeJoinsAndAnotherIsDrainedUnderLoadThoughTheLeadingCoordinatorIsKilled()
      throws Exception {
    LocalClusterOptions options =
        new LocalClusterOptions(
            3, dir.resolve("cluster"), List.of(), false, 4L << 30, 128L << 20, false);
    Ports ports = new Ports();
    LocalNode fourth =
        new LocalNode(
            "node-4",
            "127.0.0.1",
            ports.any(),
            ports.any(),
            dir.resolve("device-4"),
            Files.createDirectory(dir.resolve("node-4")));
    try (LocalCluster cluster = LocalCluster.start(options, _ -> {})) {
      AdminCli admin =
          new AdminCli(
              "--zookeeper", cluster.zooKeeperAddress(), "--cluster", LocalCluster.CLUSTER);
      List<String> addresses =
          new ArrayList<>(cluster.nodes().stream().map(LocalNode::address).toList());
      addresses.add(fourth.address());
      ChildProcess standby =
          start(
              "standby",
              LocalConfiguration.coordinator(
                  cluster.zooKeeperAddress(), "127.0.0.1:" + ports.any()));
      ChildProcess joining = null;
      Process load = load(addresses);
      try {
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> admin.node("node-2").path("records").asLong() > 200);

        LocalDevice.prepare(fourth, options);
        joining =
            start(
                "node-4",
                LocalConfiguration.node(fourth, cluster.zooKeeperAddress(), options.memoryBytes()));
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> admin.run("check") == 3 && admin.out().contains("node-4 owns no slots"));
        Path plan = dir.resolve("plan.json");
        admin.must("rebalance", "plan", "--file", plan.toString());
        admin.must("rebalance", "apply", plan.toString(), "--within=60");
        assertThat(admin.node("node-4").path("slots").asInt()).isEqualTo(Slots.COUNT / 4);

        admin.must("node", "drain", "node-2", "--yes", "--throttle=4MiB");
        await().atMost(Duration.ofSeconds(30)).until(() -> moved(admin) > 0);
        String leader = leader(admin);
        assertThat(load.isAlive()).as("the load was over too soon to mean anything").isTrue();
        killProcess(leader);
        long movedByTheFirst = moved(admin);
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(() -> assertThat(leader(admin)).isNotEmpty().isNotEqualTo(leader));
        admin.must("rebalance", "status", "--within=120");
        assertThat(moved(admin)).isGreaterThan(movedByTheFirst);
        assertThat(admin.node("node-2").path("records").asLong()).isZero();
        assertThat(admin.node("node-2").path("slots").asInt()).isZero();

        // Every byte that was read was right, every acknowledged block is there, once.
        assertThat(load.waitFor(200, TimeUnit.SECONDS)).isTrue();
        assertThat(load.exitValue()).as(() -> loadSaid()).isZero();
        assertThat(admin.node("node-4").path("records").asLong()).isPositive();
        admin.must("check");
      } finally {
        load.destroyForcibly();
        standby.kill();
        if (joining != null) {
          joining.kill();
        }
      }
    }
  }

  private ChildProcess start(String name, List<String> arguments) throws LocalClusterException {
    return ChildProcess.start(
        name, dir.resolve(name + ".log"), List.of(), List.of("-Xmx512m"), arguments);
  }

  /** {@code larder bench trace}, which fails if a promise was broken or a call failed. */
  private Process load(List<String> nodes) throws IOException {
    URL trace = Trace.class.getResource("mooncake-conversation-2000.jsonl.gz");
    Path file = dir.resolve("trace.jsonl.gz");
    try (var in = trace.openStream()) {
      Files.copy(in, file);
    }
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            "io.larder.node.cli.Larder",
            "bench",
            "trace",
            "--file",
            file.toString(),
            "--requests",
            Integer.toString(REQUESTS),
            "--nodes",
            nodes.stream().collect(Collectors.joining(",")));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(dir.resolve("load.log").toFile())
        .start();
  }

  private String loadSaid() {
    try {
      return Files.readString(dir.resolve("load.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static long moved(AdminCli admin) throws IOException {
    // Exit code 3 says that it is held up, as it may be for a moment.
    assertThat(admin.run("rebalance", "status", "-o", "json")).isIn(0, 3);
    return admin.json().at("/steps/0/movedBytes").asLong();
  }

  /** {@code host:pid}; empty while none leads. */
  private static String leader(AdminCli admin) throws IOException {
    assertThat(admin.run("status", "-o", "json")).isIn(0, 3);
    return admin.json().path("leader").asText();
  }

  private static void killProcess(String coordinator) {
    long pid = Long.parseLong(coordinator.substring(coordinator.lastIndexOf(':') + 1));
    assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue(); // kill -9
  }
}
