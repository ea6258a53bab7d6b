package io.larder.testkit.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.bench.Trace;
import io.larder.cli.Larder;
import io.larder.cli.process.ServiceProcess;
import io.larder.protocol.Slots;
import io.larder.system.cluster.AdminCli;
import io.larder.testing.Patience;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A day in a cluster's life, every part a process of its own, while inference servers read and
 * write: a node joins and gets its share, another is emptied, and the coordinator that leads is
 * killed in the middle of that.
 */
@Tag("integration")
class OperateIT {
  private static final int REQUESTS = 500;

  @TempDir Path dir;

  @Test
  void aNodeJoinsAndAnotherIsDrainedUnderLoadThoughTheLeadingCoordinatorIsKilled()
      throws Exception {
    LocalClusterOptions options =
        LocalClusterOptions.of(ServiceProcess.class)
            .dir(dir.resolve("cluster"))
            .deviceBytes(4L << 30)
            .memoryBytes(128L << 20)
            .coordinators(2)
            .build();
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
      ChildProcess joining = null;
      Process load = load(addresses);
      try {
        await().until(() -> admin.node("node-2").path("records").asLong() > 200);

        LocalDevice.prepare(fourth, options);
        joining =
            ChildProcess.start(
                "node-4",
                dir.resolve("node-4.log"),
                JavaCommand.of(ServiceProcess.class, List.of("-Xmx512m")),
                LocalConfiguration.node(fourth, cluster.zooKeeperAddress(), options.memoryBytes()));
        await()
            .until(() -> admin.run("check") == 3 && admin.out().contains("node-4 owns no slots"));
        Path plan = dir.resolve("plan.json");
        admin.must("rebalance", "plan", "--file", plan.toString());
        admin.must("rebalance", "apply", plan.toString(), "--within=60");
        assertThat(admin.node("node-4").path("slots").asInt()).isEqualTo(Slots.COUNT / 4);

        admin.must("node", "drain", "node-2", "--yes", "--throttle=12MiB");
        await().until(() -> moved(admin) > 0);
        String leader = cluster.leadingCoordinator();
        assertThat(leader).isNotNull();
        assertThat(load.isAlive()).as("the load was over too soon to mean anything").isTrue();
        cluster.kill(leader); // -9
        long movedByTheFirst = moved(admin);
        admin.must("rebalance", "status", "--within=120");
        assertThat(moved(admin)).isGreaterThan(movedByTheFirst);
        assertThat(cluster.leadingCoordinator()).isNotNull().isNotEqualTo(leader);
        assertThat(admin.node("node-2").path("records").asLong()).isZero();
        assertThat(admin.node("node-2").path("slots").asInt()).isZero();

        // Every byte that was read was right, every acknowledged block is there, once.
        Files.createFile(enough());
        Patience.await(load);
        assertThat(load.exitValue()).as(() -> loadSaid()).isZero();
        assertThat(admin.node("node-4").path("records").asLong()).isPositive();
        admin.must("check");
      } finally {
        load.descendants().forEach(ProcessHandle::destroyForcibly);
        load.destroyForcibly();
        if (joining != null) {
          joining.kill();
        }
      }
    }
  }

  private Path enough() {
    return dir.resolve("enough-load");
  }

  /**
   * {@code larder bench trace} again and again until {@link #enough}, since nobody knows how fast
   * this machine is; it fails if a promise was broken or a call failed.
   */
  private Process load(List<String> nodes) throws IOException {
    URL trace = Trace.class.getResource("mooncake-conversation-2000.jsonl.gz");
    Path file = dir.resolve("trace.jsonl.gz");
    try (var in = trace.openStream()) {
      Files.copy(in, file);
    }
    String untilEnough = "while [ ! -e \"$0\" ]; do \"$@\" || exit 1; done";
    List<String> command = new ArrayList<>(List.of("bash", "-c", untilEnough));
    command.add(enough().toString());
    command.addAll(JavaCommand.of(Larder.class, List.of("-Xmx512m")));
    command.addAll(List.of("bench", "trace", "--file", file.toString()));
    command.addAll(List.of("--requests", Integer.toString(REQUESTS)));
    command.addAll(List.of("--nodes", String.join(",", nodes)));
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
}
