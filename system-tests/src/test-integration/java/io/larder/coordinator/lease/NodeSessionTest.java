package io.larder.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.coordinator.lease.Cluster.Node;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.Slots;
import io.larder.testkit.embedded.EmbeddedZooKeeper;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("integration")
@SuppressWarnings("NullAway.Init")
class NodeSessionTest {
  private static final AtomicLong CLUSTERS = new AtomicLong();

  @TempDir static Path dir;
  private static EmbeddedZooKeeper server;
  private Cluster cluster;

  @BeforeAll
  static void startServer() throws IOException {
    server = EmbeddedZooKeeper.start(dir, 0);
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void open() {
    cluster = new Cluster(server.address(), "c" + CLUSTERS.incrementAndGet());
  }

  @AfterEach
  void close() throws Exception {
    cluster.close();
  }

  private static void claimsAll(Node... nodes) {
    await()
        .pollInterval(Duration.ofMillis(5))
        .untilAsserted(() -> {
          int sum = 0;
          for (Node node : nodes) {
            sum += node.epochs.size();
          }
          assertThat(sum).isEqualTo(Slots.COUNT);
        });
    Set<Integer> all = new HashSet<>();
    for (Node node : nodes) {
      assertThat(Collections.disjoint(all, node.epochs.keySet())).isTrue();
      all.addAll(node.epochs.keySet());
    }
  }

  @Test
  void threeNodesClaimEverySlotOnce() throws Exception {
    ZooKeeper hand = cluster.connect();
    Node a = cluster.start("a");
    Node b = cluster.start("b");
    Node c = cluster.start("c");
    await().until(() -> a.image.nodes().size() == 3);
    cluster.share(hand, "a", "b", "c");
    claimsAll(a, b, c);
    await().until(() -> a.session().mayGrant() && a.session().isReady());
    assertThat(hand.getChildren(cluster.paths.putLeases(), false)).hasSize(Slots.COUNT);
    Stat stat = hand.exists(cluster.paths.putLease(0), false);
    assertThat(stat.getCzxid()).as("the epoch is the claim's zxid").isEqualTo(a.epochs.get(0));
  }

  @Test
  void aSessionThatExpiresLosesItsClaimsAndTheNextClaimsThemWithAHigherEpoch() throws Exception {
    cluster.share(cluster.connect(), "a");
    Node a = cluster.start("a");
    claimsAll(a);
    long before = Collections.max(a.epochs.values());
    cluster.expire(a);
    await().until(() -> a.calls.contains("lost"));
    claimsAll(a);
    assertThat(Collections.min(a.epochs.values())).isGreaterThan(before);
    assertThat(a.incarnations).hasSize(2).isSorted();
    await().until(() -> a.session().mayGrant());
    await().until(() -> a.image.nodes().size() == 1);
  }

  @Test
  void aSlotIsHandedOverOnlyAfterTheOldOwnerStoppedGranting() throws Exception {
    ZooKeeper hand = cluster.connect();
    cluster.share(hand, "a");
    Node a = cluster.start("a");
    claimsAll(a);
    long before = Collections.max(a.epochs.values());
    Node b = cluster.start("b");
    cluster.share(hand, "a", "b");
    await().until(() -> b.epochs.size() == Slots.COUNT / 2);
    assertThat(a.epochs).hasSize(Slots.COUNT / 2);
    assertThat(a.calls).contains("released");
    assertThat(Collections.min(b.epochs.values())).isGreaterThan(before);
    claimsAll(a, b);
  }

  @Test
  void aNodeThatReturnsWaitsForItsOldSessionToVanishThenClaimsAgain() throws Exception {
    ZooKeeper hand = cluster.connect();
    cluster.share(hand, "a");
    Node old = cluster.start("a");
    claimsAll(old);
    Node returned = cluster.start("a");
    await().until(() -> !returned.incarnations.isEmpty());
    assertThat(returned.incarnations.getFirst()).isGreaterThan(old.incarnations.getFirst());
    await()
        .during(Duration.ofMillis(700))
        .until(() -> returned.epochs.isEmpty() && !returned.session().isReady());
    old.session().close();
    claimsAll(returned);
    assertThat(Collections.min(returned.epochs.values()))
        .isGreaterThan(Collections.max(old.epochs.values()));
  }

  @Test
  void aStaleSlotTableVersionRefusesAClaim() throws Exception {
    ZooKeeper hand = cluster.connect();
    cluster.share(hand, "a");
    cluster.share(hand, "b");
    Node node = cluster.start("x"); // lays out /heartbeats/x
    await().until(() -> !node.incarnations.isEmpty());
    LeaseTransactions leases = new LeaseTransactions(hand, cluster.paths, "x");
    int version = hand.exists(cluster.paths.slots(), false).getVersion();
    assertThat(leases.claim(new int[] {1}, version - 1, new Heartbeat(1, 1, 0)))
        .isInstanceOf(SessionProtocol.ClaimOutcome.StaleTable.class);
    assertThat(leases.epochOf(1)).isZero();
    assertThat(leases.claim(new int[] {1}, version, new Heartbeat(1, 1, 0)))
        .isEqualTo(new SessionProtocol.ClaimOutcome.Claimed(leases.epochOf(1)));
  }

  @Test
  void withoutHeartbeatsNothingIsGrantedOnceTheWindowHasPassed() throws Exception {
    AtomicLong skewNs = new AtomicLong();
    cluster.share(cluster.connect(), "a");
    Node a = cluster.start("a", () -> System.nanoTime() + skewNs.get());
    await().until(() -> a.session().mayGrant());
    long windowMs = ZooKeeperOptions.grantWindowMs(Cluster.SESSION_MS, Cluster.TICK_MS);
    assertThat(a.session().remainingMs()).isPositive().isLessThanOrEqualTo(windowMs);
    // As after a stall of the whole machine: the clock has moved on, no heartbeat was sent.
    // Again if two heartbeats were answered before this thread came to look.
    await()
        .until(() -> {
          skewNs.addAndGet(TimeUnit.MILLISECONDS.toNanos(windowMs));
          return !a.session().mayGrant();
        });
    // The same session goes on when its heartbeats are answered again.
    await().until(() -> a.session().mayGrant());
    assertThat(a.incarnations).hasSize(1);
  }

  @Test
  void whileZooKeeperIsOutOfReachAtTheStartTheNodeWaitsAndThenRegisters(@TempDir Path own)
      throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    try (Cluster later = new Cluster("127.0.0.1:" + port, "later")) {
      Node a = later.start("a");
      await()
          .during(Duration.ofMillis(1_500))
          .until(() -> !a.session().isReady() && !a.session().mayGrant());
      try (EmbeddedZooKeeper _ = EmbeddedZooKeeper.start(own, port)) {
        await().until(() -> a.session().isReady() && a.session().mayGrant());
        later.close();
      }
    }
  }

  @Test
  void theFenceClosesBeforeTheServersForgetTheSessionAndOpensAgainAfterARestart(@TempDir Path own)
      throws Exception {
    EmbeddedZooKeeper first = EmbeddedZooKeeper.start(own, 0);
    int port = Integer.parseInt(first.address().substring(first.address().indexOf(':') + 1));
    try (Cluster cut = new Cluster(first.address(), "cut")) {
      cut.share(cut.connect(), "a");
      Node a = cut.start("a");
      claimsAll(a);
      await().until(() -> a.session().mayGrant());
      first.close();
      // Nothing can be acknowledged after the cut, so the session lives for its timeout from the
      // last heartbeat at the earliest; the fence must be closed a tick before that.
      long leftMs = a.session().remainingMs();
      long readNs = System.nanoTime();
      assertThat(leftMs).isLessThanOrEqualTo(Cluster.SESSION_MS - Cluster.TICK_MS);
      await().until(() -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - readNs) > leftMs);
      assertThat(a.session().mayGrant()).isFalse();
      assertThat(a.session().isReady()).as("gets go on").isTrue();
      try (EmbeddedZooKeeper _ = EmbeddedZooKeeper.start(own, port)) {
        await().until(() -> a.session().mayGrant() && a.session().isConnected());
        claimsAll(a);
        cut.close();
      }
    }
  }
}
