package io.larder.coordinator.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.cli.admin.StatusCommand;
import io.larder.coordinator.admin.ClusterStatus;
import io.larder.coordinator.admin.StatusReader;
import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.lease.NodeSession;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import io.larder.testkit.embedded.EmbeddedZooKeeper;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingCluster;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Coordinators and nodes' sessions together, over a real ZooKeeper. */
@Tag("integration")
@SuppressWarnings("NullAway.Init")
class CoordinatorTest {
  private static final AssignmentOptions QUICK = new AssignmentOptions(10_000, 1_000, 500, true);
  private static final AssignmentOptions MANUAL = new AssignmentOptions(0, 500, 500, false);

  /** Sessions end here by being closed only, however busy the machine is. */
  private static final int SESSION_MS = 30_000;

  private static final class Silent implements NodeSession.Listener {
    @Override
    public void onImage(ClusterImage image) {}

    @Override
    public void onSession(long incarnation) {}

    @Override
    public void onClaimed(int[] slots, long epoch) {}

    @Override
    public void onReleased(int[] slots) {}

    @Override
    public void onSessionLost() {}
  }

  private final List<AutoCloseable> opened = new ArrayList<>();
  private EmbeddedZooKeeper server;
  private ZooKeeperOptions options;
  private StatusReader status;

  /** How many records each node says it holds. */
  private final Map<String, Long> records = new ConcurrentHashMap<>();

  @BeforeEach
  void start(@TempDir Path dir) throws Exception {
    server = EmbeddedZooKeeper.start(dir, 0);
    options = ZooKeeperOptions.of(server.address(), "test", SESSION_MS, EmbeddedZooKeeper.TICK_MS);
    status = new StatusReader(options);
    opened.add(server);
    opened.add(status);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  private NodeSession node(ZooKeeperOptions where, String nodeId) {
    NodeRecord self = new NodeRecord(nodeId, 0, "127.0.0.1", 6380, 0, "", 1L << 40, "test", "");
    NodeSession session =
        NodeSession.start(where, self, new Silent(), () -> records.getOrDefault(nodeId, 0L));
    opened.add(session);
    return session;
  }

  private Coordinator coordinator(ZooKeeperOptions where, String id) {
    return coordinator(where, id, QUICK);
  }

  private Coordinator coordinator(ZooKeeperOptions where, String id, AssignmentOptions assignment) {
    Coordinator coordinator = Coordinator.start(where, assignment, id);
    opened.add(coordinator);
    return coordinator;
  }

  private ClusterStatus healthy() {
    return await()
        .ignoreExceptions()
        .until(() -> status.read(Patience.limit()), s -> s.isPresent() && s.get().healthy())
        .orElseThrow();
  }

  @Test
  void nodesThatComeUpTogetherShareAllSlotsAndStatusSaysSo() throws Exception {
    Coordinator coordinator = coordinator(options, "first");
    for (String nodeId : List.of("a", "b", "c")) {
      node(options, nodeId);
    }
    ClusterStatus now = healthy();
    assertThat(now.leader()).isEqualTo("first");
    assertThat(now.nodes()).extracting(ClusterStatus.Node::slots).containsOnly(5461, 5462);
    await()
        .until(
            () -> status.read(Patience.limit()).orElseThrow().nodes(),
            nodes -> nodes.stream().mapToInt(ClusterStatus.Node::claimed).sum() == Slots.COUNT);
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    coordinator.bindTo(registry);
    assertThat(registry.scrape())
        .contains(
            "larder_coordinator_leader 1.0", "larder_nodes_live 3.0", "larder_slots_unowned 0.0");

    StringWriter out = new StringWriter();
    CommandLine command = new CommandLine(new StatusCommand()).setOut(new PrintWriter(out, true));
    assertThat(
            command.execute(
                "--timeout", "300", "--zookeeper", server.address(), "--cluster", "test"))
        .isZero();
    assertThat(out.toString()).contains("coordinator  first", "health       healthy");
    assertThat(
            command.execute(
                "--timeout",
                "300",
                "--zookeeper",
                server.address(),
                "--cluster",
                "test",
                "-o",
                "json"))
        .isZero();
    assertThat(out.toString()).contains("\"healthy\" : true", "\"leader\" : \"first\"");
  }

  @Test
  void theSlotsOfANodeThatGoesAreReassignedAndANewNodeGetsItsShare() throws Exception {
    coordinator(options, "first");
    NodeSession a = node(options, "a");
    NodeSession b = node(options, "b");
    healthy();
    assertThat(b.claimedCount()).isEqualTo(Slots.COUNT / 2);
    b.close();
    await().until(() -> a.claimedCount() == Slots.COUNT);
    NodeSession c = node(options, "c");
    await().until(() -> c.claimedCount() == Slots.COUNT / 2);
    healthy();
    assertThat(a.claimedCount()).isEqualTo(Slots.COUNT / 2);
  }

  /** The first table's own time for latecomers is none here: only what the nodes hold decides. */
  @Test
  void aNodeGetsItsShareByItselfUntilAnyNodeHasEverHeldARecord() throws Exception {
    Coordinator first = coordinator(options, "first", MANUAL);
    NodeSession a = node(options, "a");
    await().until(() -> a.claimedCount() == Slots.COUNT);
    NodeSession b = node(options, "b");
    await().until(() -> b.claimedCount() == Slots.COUNT / 2);

    records.put("b", 1L); // it says so with its next heartbeat
    await().until(() -> saidToHold("b") == 1);
    b.close(); // what it held counts, though it has gone
    await().until(() -> a.claimedCount() == Slots.COUNT);
    NodeSession c = node(options, "c");
    await().until(c::isReady);
    NodeSession again = node(options, "b");
    // Slots go home when nodes no longer come and go, which is when c would get some.
    await().until(() -> again.claimedCount() == Slots.COUNT / 2);
    assertThat(a.claimedCount()).isEqualTo(Slots.COUNT / 2);
    assertThat(first.image().slots().counts()).containsOnlyKeys("a", "b");
  }

  private long saidToHold(String nodeId) throws Exception {
    try (ZooKeeper reader = new ZooKeeper(server.address(), 10_000, _ -> {})) {
      byte[] written = reader.getData(new Paths("test").heartbeat(nodeId), false, null);
      return Heartbeat.decode(written).records();
    }
  }

  @Test
  void whenTheLeaderGoesTheNextOneAssigns() throws Exception {
    Coordinator first = coordinator(options, "first");
    await().until(first::isLeader);
    Coordinator second = coordinator(options, "second");
    NodeSession a = node(options, "a");
    await().until(() -> a.claimedCount() == Slots.COUNT);
    first.close();
    await().until(second::isLeader);
    NodeSession b = node(options, "b");
    await().until(() -> b.claimedCount() == Slots.COUNT / 2);
    assertThat(healthy().leader()).isEqualTo("second");
  }

  @Test
  void withoutACoordinatorClaimsStayAndStatusIsUnhealthy() throws Exception {
    Coordinator only = coordinator(options, "only");
    NodeSession a = node(options, "a");
    healthy();
    only.close();
    Optional<ClusterStatus> now = status.read(Patience.limit());
    assertThat(now).hasValueSatisfying(s -> assertThat(s.problems()).hasSize(1));
    assertThat(a.claimedCount()).isEqualTo(Slots.COUNT);
    assertThat(a.mayGrant()).isTrue();
    StringWriter err = new StringWriter();
    CommandLine command = new CommandLine(new StatusCommand());
    command.setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err, true));
    assertThat(
            command.execute(
                "--timeout", "300", "--zookeeper", server.address(), "--cluster", "test"))
        .isEqualTo(3);
    assertThat(err.toString()).contains("no coordinator leads");
    assertThat(
            command.execute(
                "--timeout", "300", "--zookeeper", server.address(), "--cluster", "other"))
        .isEqualTo(1);
    assertThat(command.execute("--zookeeper", "127.0.0.1:1", "--timeout", "1")).isEqualTo(4);
    assertThat(command.execute("--zookeeper", "not an address")).isEqualTo(2);
  }

  @Test
  void theLossOfOneZooKeeperServerOfThreeCostsNoClaim(@TempDir Path dir) throws Exception {
    // Each leaves a file beside its data: the default would be this machine's temporary folder.
    List<InstanceSpec> servers = new ArrayList<>();
    do { // Curator draws each port by itself, now and then one twice, which ZooKeeper refuses
      servers.clear();
      for (int i = 0; i < 3; i++) {
        Path data = Files.createDirectories(dir.resolve("server-" + i).resolve("data"));
        servers.add(new InstanceSpec(data.toFile(), -1, -1, -1, true, -1));
      }
    } while (servers.stream()
            .flatMap(s -> Stream.of(s.getPort(), s.getElectionPort(), s.getQuorumPort()))
            .distinct()
            .count()
        < 9);
    try (TestingCluster ensemble = new TestingCluster(servers)) {
      ensemble.start();
      ZooKeeperOptions three =
          ZooKeeperOptions.of(ensemble.getConnectString(), "three", SESSION_MS, 2_000);
      Coordinator coordinator = coordinator(three, "first");
      NodeSession a = node(three, "a");
      await().until(() -> a.claimedCount() == Slots.COUNT && a.mayGrant());
      var gone = ensemble.getInstances().iterator().next();
      assertThat(ensemble.killServer(gone)).isTrue();
      await().until(() -> a.mayGrant() && a.isConnected() && a.remainingMs() > 3_000);
      assertThat(a.claimedCount()).isEqualTo(Slots.COUNT);
      NodeSession b = node(three, "b");
      await().until(() -> b.claimedCount() == Slots.COUNT / 2);
      a.close();
      b.close();
      coordinator.close();
    }
  }
}
