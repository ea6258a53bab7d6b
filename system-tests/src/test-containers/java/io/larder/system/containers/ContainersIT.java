package io.larder.system.containers;

import static io.larder.system.containers.ContainerCluster.CALL_TIMEOUT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
import io.larder.coordinator.admin.ClusterStatus;
import io.larder.testing.Patience;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.testcontainers.containers.Network;

/**
 * What the cluster promises, on the image: every test leaves a whole cluster, in which every key
 * has one holder, every acknowledged put is there and every value has its bytes.
 */
@Tag("containers")
@NeedsEngine
class ContainersIT {
  @TempDir static Path dir;
  private static ContainerCluster cluster;

  private final Ledger ledger = new Ledger();

  @BeforeAll
  static void start() throws Exception {
    cluster = new ContainerCluster(dir, Path.of("target", "containers"), 3);
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @AfterEach
  void everyPromiseIsKeptInTheEnd() {
    cluster.repair();
    ledger.verify(cluster);
  }

  @Test
  void aBlockPutThroughOneNodeIsReadThroughEveryOther() throws Exception {
    putThrough(0, "everywhere", 20);
    assertThat(cluster.larder("status")).contains("node-1:7379", "node-2:7379", "node-3:7379");
    assertThat(
            ContainerCluster.run(
                cluster.node(0),
                List.of(
                    "larder",
                    "probe",
                    "--node",
                    "node-1:7379",
                    "--node",
                    "node-2:7379",
                    "--node",
                    "node-3:7379")))
        .contains("read through node-3:7379");
  }

  @Test
  void aNodeKilledUnderLoadHasItsBlocksWhenItIsBack() {
    try (Trickle _ = new Trickle(cluster, ledger, "killed")) {
      awaitAcknowledged(60);
      cluster.node(1).kill();
      awaitAcknowledged(30);
      cluster.node(1).startAgain();
      cluster.awaitHealth();
      awaitAcknowledged(30);
    }
    assertNoCallOutlivedItsDeadline();
  }

  @Test
  void aNodeThatComesBackAfterItsKeysWerePutAgainKeepsNoSecondCopy() {
    Set<String> keys = putThrough(2, "again", 40);
    cluster.node(2).kill();
    cluster.awaitStatus("the slots of a node that is gone have other owners", this::withoutNode3);
    ledger.forgive(keys);
    try (LarderClient client = cluster.client(0)) {
      keys.forEach(key -> await().until(() -> ledger.put(client, key)));
    }
  }

  @Test
  void nodesThatComeBackOnOtherAddressesAreFoundThere() {
    assertThat(putThrough(1, "moved", 20)).hasSize(20);
    // The engine gives the lowest free address: started highest first they have exchanged theirs.
    List<Machine> highestFirst =
        Stream.of(cluster.node(1), cluster.node(2))
            .sorted(Comparator.comparingInt(ContainersIT::lastOctet).reversed())
            .toList();
    int highest = lastOctet(highestFirst.getFirst());
    highestFirst.forEach(Machine::kill);
    highestFirst.forEach(Machine::startAgain);
    assertThat(lastOctet(highestFirst.getFirst())).isLessThan(highest);
    cluster.awaitHealth();
  }

  @Test
  void whenTheLeadingCoordinatorDiesTheOtherReassignsTheSlotsOfANodeThatIsGone() {
    Set<String> stay = putThrough(0, "led", 20);
    Machine leader = cluster.leader();
    leader.kill();
    cluster.awaitStatus(
        "the other coordinator leads",
        status -> !status.leader().isEmpty() && !status.leader().startsWith(leader.name() + ":"));

    cluster.node(2).kill();
    cluster.awaitStatus("the slots of a node that is gone have other owners", this::withoutNode3);
    try (LarderClient client = cluster.client(1)) {
      for (String key : stay) {
        try (CachedBlock block = client.blocking().get(key.getBytes(UTF_8)).orElseThrow()) {
          assertThat(block.info().lengthBytes()).isPositive();
        }
      }
      for (int i = 0; i < 200; i++) { // some in every node's slots, the gone one's too
        assertThat(ledger.put(client, "led-by-the-other-" + i)).as(ledger.lastFailure()).isTrue();
      }
    }
  }

  /** What a node is cut off from. */
  enum Cut {
    ZOOKEEPER,
    PEERS_AND_CLIENTS,
    EVERYTHING;

    List<Network> networks() {
      return switch (this) {
        case ZOOKEEPER -> List.of(cluster.control());
        case PEERS_AND_CLIENTS -> List.of(cluster.clients());
        case EVERYTHING -> List.of(cluster.clients(), cluster.control());
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNodeCutOffUnderLoadLosesNothingAndHoldsNobodyUp(Cut cut) {
    try (Trickle _ = new Trickle(cluster, ledger, "cut-" + cut)) {
      awaitAcknowledged(60);
      cut.networks().forEach(cluster.node(1)::cutOff);
      if (cut.networks().contains(cluster.control())) {
        cluster.awaitStatus(
            "the slots of a node without ZooKeeper have other owners",
            status -> status.healthy() && liveNodes(status) == 2);
      }
      awaitAcknowledged(100);
      cluster.node(1).repair();
      cluster.awaitHealth();
      awaitAcknowledged(60);
    }
    assertNoCallOutlivedItsDeadline();
  }

  @Test
  void aNodeDrainedUnderLoadIsEmptyAndItsBlocksAreReadThroughEveryNode() throws Exception {
    try (Trickle _ = new Trickle(cluster, ledger, "drained")) {
      awaitAcknowledged(100);
      cluster.larder("admin", "node", "drain", "node-3", "--yes", "--within=120");
      awaitAcknowledged(30);
    }
    assertNoCallOutlivedItsDeadline();
    assertThat(ledger.heldBy(cluster, 2)).isEmpty();
    ledger.verify(cluster);
    cluster.larder("admin", "node", "undrain", "node-3", "--yes");
    cluster.larder("admin", "rebalance", "apply", "--yes", "--within=120");
  }

  private static int lastOctet(Machine node) {
    String address = node.address(cluster.clients()).orElseThrow();
    return Integer.parseInt(address.substring(address.lastIndexOf('.') + 1));
  }

  private boolean withoutNode3(ClusterStatus status) {
    return status.healthy() && status.nodes().stream().noneMatch(n -> n.nodeId().equals("node-3"));
  }

  private static long liveNodes(ClusterStatus status) {
    return status.nodes().stream().filter(ClusterStatus.Node::live).count();
  }

  private Set<String> putThrough(int node, String prefix, int count) {
    try (LarderClient client = cluster.client(node)) {
      for (int i = 0; i < count; i++) {
        assertThat(ledger.put(client, prefix + "-" + i)).as(ledger.lastFailure()).isTrue();
      }
    }
    return ledger.acknowledged();
  }

  private void awaitAcknowledged(int more) {
    int before = ledger.acknowledged().size();
    await("puts go on; the last failure: " + ledger.lastFailure())
        .until(() -> ledger.acknowledged().size() >= before + more);
  }

  private void assertNoCallOutlivedItsDeadline() {
    assertThat(ledger.reads()).isPositive();
    // What is much later than its deadline hangs; what is a little later is on a busy machine.
    assertThat(ledger.slowest()).isLessThan(CALL_TIMEOUT.plus(Patience.limit()));
  }
}
