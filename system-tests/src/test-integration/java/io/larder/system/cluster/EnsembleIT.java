package io.larder.system.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.Paths;
import io.larder.node.DeafPeer;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import io.larder.testkit.embedded.EmbeddedCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingCluster;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Three real ZooKeeper servers, three nodes, and between each node and each server a way that can
 * be cut: what docs/zookeeper-layout.md says of every event.
 */
@Tag("integration")
@SuppressWarnings("NullAway.Init")
class EnsembleIT {
  /** At once, or after the time that a put waits while nobody can decide. */
  private static final String NOT_STORED = "(TRYAGAIN|TIMEOUT) .*";

  private static final int TICK_MS = 500;

  /** A busy machine elects and reconnects slowly; one test waits for a fence to close. */
  private static final int SESSION_MS = 20_000;

  /** Longer than a session lasts after its last heartbeat. */
  private static final String LEASE_MS = String.valueOf(Patience.limit().toMillis());

  private static final int NODES = 3;
  private static final Paths PATHS = new Paths("test");

  @TempDir Path dir;
  private TestingCluster servers;
  private final List<List<DeafPeer>> ways = new ArrayList<>();
  private final List<Jedis> leasing = new ArrayList<>();
  private TestCluster cluster;
  private ZooKeeper hand;

  @BeforeEach
  void start() throws Exception {
    List<InstanceSpec> specs = new ArrayList<>();
    do { // Curator draws each port by itself, now and then one twice, which ZooKeeper refuses
      specs.clear();
      for (int i = 0; i < 3; i++) {
        specs.add(
            new InstanceSpec(
                null,
                -1,
                -1,
                -1,
                true,
                -1,
                TICK_MS,
                -1,
                Map.of("maxSessionTimeout", "" + SESSION_MS)));
      }
    } while (specs.stream()
            .flatMap(s -> Stream.of(s.getPort(), s.getElectionPort(), s.getQuorumPort()))
            .distinct()
            .count()
        < 9);
    servers = new TestingCluster(specs);
    servers.start();
    List<String> connects = new ArrayList<>();
    for (int node = 0; node < NODES; node++) {
      List<DeafPeer> own = new ArrayList<>();
      for (InstanceSpec server : servers.getInstances()) {
        own.add(new DeafPeer(server.getPort()));
      }
      ways.add(own);
      connects.add(String.join(",", own.stream().map(DeafPeer::address).toList()));
    }
    cluster =
        new TestCluster(
            dir,
            NODES,
            TestCluster.Options.DEFAULT,
            new EmbeddedCluster.Servers(
                null, servers.getConnectString(), connects::get, SESSION_MS));
    CountDownLatch connected = new CountDownLatch(1);
    hand =
        new ZooKeeper(
            servers.getConnectString(),
            SESSION_MS,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
    Patience.await(connected);
  }

  @AfterEach
  void stop() throws Exception {
    leasing.forEach(Jedis::close);
    hand.close(1_000);
    cluster.close();
    for (List<DeafPeer> own : ways) {
      for (DeafPeer way : own) {
        way.close();
      }
    }
    servers.close();
  }

  @Test
  void aZooKeeperServerLostCostsNoPutAndNoSession() throws Exception {
    Map<String, String> before = incarnations();
    for (InstanceSpec server : List.copyOf(servers.getInstances())) {
      servers.killServer(server);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
      int puts = 0;
      while (puts <= 20 || System.nanoTime() - end < 0) {
        String key = "without " + server.getPort() + " " + puts;
        assertThat(put(puts % NODES, key)).as(key).isEqualTo("STORED");
        puts++;
      }
      servers.restartServer(server);
      awaitAnswers();
    }
    assertThat(incarnations()).isEqualTo(before);
  }

  @Test
  void withoutAQuorumGetsGoOnAndPutsAsLongAsTheFenceAllowsAndAllIsWellWithoutARestart()
      throws Exception {
    for (int node = 0; node < NODES; node++) {
      assertThat(put(node, "before " + node)).isEqualTo("STORED");
    }
    List<InstanceSpec> instances = List.copyOf(servers.getInstances());
    servers.killServer(instances.get(0));
    servers.killServer(instances.get(1));
    long lost = System.nanoTime();
    int granted = 0;
    long lastAsked = lost;
    assertThat(put(0, "meanwhile 0")).isEqualTo("STORED");
    while (isAnyFenceOpen()) {
      long asked = System.nanoTime();
      String answer = put(granted % NODES, "meanwhile too " + granted);
      if (answer.equals("STORED")) {
        lastAsked = asked;
        granted++;
      } else { // the owner's fence is closed already, or it was late
        assertThat(answer).matches(NOT_STORED);
      }
    }
    assertThat(granted).as("puts while the fence was open").isPositive();
    assertThat(TimeUnit.NANOSECONDS.toMillis(lastAsked - lost))
        .as("the fence closes a tick before the servers may forget the session")
        .isLessThan(SESSION_MS - TICK_MS);
    for (int round = 0; round < 20; round++) {
      for (int node = 0; node < NODES; node++) {
        for (int of = 0; of < NODES; of++) {
          assertThat(found(node, "before " + of)).isEqualTo("before " + of);
        }
        assertThat(found(node, "meanwhile 0")).isEqualTo("meanwhile 0");
      }
      Thread.sleep(100);
    }
    assertThat(put(1, "refused")).matches(NOT_STORED);
    servers.restartServer(instances.get(0));
    servers.restartServer(instances.get(1));
    for (int node = 0; node < NODES; node++) {
      String key = "after " + node;
      int through = node;
      await().until(() -> put(through, key).equals("STORED"));
      assertThat(cluster.copies(key.getBytes(UTF_8))).isEqualTo(1);
    }
    assertThat(get(2, "refused")).isNull();
    assertThat(put(2, "refused")).isEqualTo("STORED");
  }

  @Test
  void aConnectionThatBreaksWithinTheSessionChangesNothing() throws Exception {
    Map<String, String> before = incarnations();
    Map<Integer, Claim> claims = claims();
    String heartbeats = PATHS.heartbeat(cluster.node(0).nodeId());
    for (int round = 0; round < 5; round++) {
      for (DeafPeer way : ways.get(0)) {
        way.heal(); // breaks what is open
      }
      long broken = hand.exists(heartbeats, false).getMzxid();
      for (int i = 0; i < 20; i++) {
        assertThat(put(i % NODES, "broken " + round + " " + i)).isEqualTo("STORED");
      }
      await().until(() -> hand.exists(heartbeats, false).getMzxid() > broken);
    }
    assertThat(incarnations()).isEqualTo(before);
    assertThat(claims()).as("the same claims under the same epochs").isEqualTo(claims);
  }

  @Test
  void aSessionThatEndsTakesItsClaimsWithItAndTheNextClaimsAnewWithoutARestart() throws Exception {
    String victim = cluster.node(0).nodeId();
    String old = incarnations().get(victim);
    long ended = session(PATHS.nodes() + "/" + victim + "-" + old);
    List<String> keys = keysOwnedBy(0, 10_000);
    AtomicInteger next = new AtomicInteger(2);
    assertThat(put(0, keys.get(0))).isEqualTo("STORED");
    String token = lease(1, keys.get(1)).substring("GRANTED ".length());
    for (DeafPeer way : ways.get(0)) {
      way.cut();
    }
    // Its fence closes; gets go on; nobody else may grant before the session has ended.
    await().until(() -> put(0, keys.get(next.getAndIncrement())).matches(NOT_STORED));
    assertThat(get(0, keys.get(0))).isEqualTo(keys.get(0));
    await().until(() -> !incarnations().containsKey(victim));
    assertThat(claims()).as("its claims went with the session").hasSizeLessThan(Slots.COUNT);
    String refused = keys.get(next.getAndIncrement());
    assertThat(put(0, refused)).matches(NOT_STORED).contains("nothing was stored");
    for (DeafPeer way : ways.get(0)) {
      way.heal();
    }
    await().until(() -> incarnations().containsKey(victim) && claims().size() == Slots.COUNT);
    String renewed = incarnations().get(victim);
    assertThat(Long.parseUnsignedLong(renewed, 16)).isGreaterThan(Long.parseUnsignedLong(old, 16));
    Heartbeat heartbeat =
        Heartbeat.decode(hand.getData(PATHS.heartbeat(victim), false, new Stat()));
    assertThat(Long.toHexString(heartbeat.incarnation())).isEqualTo(renewed);
    // What the old session held or had under way is not there, nor true of the new one.
    long session = session(PATHS.nodes() + "/" + victim + "-" + renewed);
    claims()
        .forEach((slot, claim) -> {
          assertThat(claim.session()).as("slot %d", slot).isNotEqualTo(ended);
          if (claim.session() == session) {
            assertThat(claim.epoch())
                .as("slot %d was claimed by the new session", slot)
                .isGreaterThan(Long.parseUnsignedLong(renewed, 16));
          }
        });
    String later = keys.get(next.getAndIncrement());
    await().until(() -> put(0, later).equals("STORED"));
    // A grant of the old session is announced to the new one: its writer alone may still write.
    assertThat(put(2, keys.get(1))).isEqualTo("HELD");
    assertThat(put(1, keys.get(1), "TOKEN", token)).isEqualTo("STORED");
    assertThat(put(2, keys.get(1))).isEqualTo("EXISTS");
    for (String key : List.of(keys.get(0), keys.get(1), later)) {
      await().untilAsserted(() -> assertThat(cluster.copies(key.getBytes(UTF_8))).isEqualTo(1));
      for (int node = 0; node < NODES; node++) {
        assertThat(found(node, key)).isEqualTo(key);
      }
    }
    assertThat(get(1, refused)).isNull();
  }

  private void awaitAnswers() {
    await()
        .until(() -> {
          try {
            return hand.exists("/", false) != null;
          } catch (KeeperException.ConnectionLossException e) {
            return false;
          }
        });
  }

  /** By node id, in hexadecimal. */
  private Map<String, String> incarnations() throws Exception {
    Map<String, String> incarnations = new HashMap<>();
    for (String name : children(PATHS.nodes())) {
      int dash = name.lastIndexOf('-');
      incarnations.put(name.substring(0, dash), name.substring(dash + 1));
    }
    return incarnations;
  }

  /** A put-lease that is held: its epoch, and the session whose it is. */
  private record Claim(long epoch, long session) {}

  /** By slot. */
  private Map<Integer, Claim> claims() throws Exception {
    List<String> slots = children(PATHS.putLeases());
    CountDownLatch answers = new CountDownLatch(slots.size());
    Map<Integer, Claim> claims = new ConcurrentHashMap<>();
    for (String slot : slots) {
      hand.exists(
          PATHS.putLeases() + "/" + slot,
          false,
          (code, path, context, stat) -> {
            if (code == KeeperException.Code.OK.intValue()) {
              claims.put(
                  Integer.valueOf(slot), new Claim(stat.getCzxid(), stat.getEphemeralOwner()));
            }
            answers.countDown();
          },
          null);
    }
    Patience.await(answers);
    return claims;
  }

  /** The session that an ephemeral znode belongs to. */
  private long session(String path) throws Exception {
    Stat stat = hand.exists(path, false);
    assertThat(stat).as(path).isNotNull();
    return stat.getEphemeralOwner();
  }

  private List<String> children(String path) throws Exception {
    while (true) {
      try {
        return hand.getChildren(path, false);
      } catch (KeeperException.ConnectionLossException e) {
        Thread.sleep(50);
      }
    }
  }

  private List<String> keysOwnedBy(int node, int count) throws Exception {
    String nodes;
    try (Jedis any = cluster.connect(node)) {
      nodes = any.clusterNodes();
    }
    String own = nodes.lines().filter(line -> line.contains("myself")).findFirst().orElseThrow();
    List<int[]> ranges = new ArrayList<>();
    for (String word : own.split(" ", -1)) {
      if (word.matches("\\d+-\\d+")) {
        String[] ends = word.split("-", 2);
        ranges.add(new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[1])});
      }
    }
    List<String> keys = new ArrayList<>();
    for (int i = 0; keys.size() < count; i++) {
      String key = "owned " + i;
      int slot = Slots.of(key.getBytes(UTF_8));
      if (ranges.stream().anyMatch(range -> slot >= range[0] && slot <= range[1])) {
        keys.add(key);
      }
    }
    return keys;
  }

  /** Puts the key as its own value, without waiting: the outcome, or the error. */
  private String put(int node, String key, String... options) {
    List<byte[]> words = new ArrayList<>(List.of(key.getBytes(UTF_8)));
    for (String option : options) {
      words.add(option.getBytes(UTF_8));
    }
    words.add("VALUE".getBytes(UTF_8));
    words.add(key.getBytes(UTF_8));
    try (Jedis client = cluster.connect(node)) {
      Object reply =
          client.sendCommand(() -> "KV.PUT".getBytes(UTF_8), words.toArray(byte[][]::new));
      return new String((byte[]) reply, UTF_8);
    } catch (JedisDataException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** The connection is kept: with it the lease would go. */
  private String lease(int node, String key) {
    Jedis client = cluster.connect(node);
    leasing.add(client);
    List<?> answers =
        (List<?>) client.sendCommand(() -> "KV.LEASE".getBytes(UTF_8), "1", key, "TTL", LEASE_MS);
    return new String((byte[]) answers.getFirst(), UTF_8);
  }

  private boolean isAnyFenceOpen() throws IOException {
    for (int node = 0; node < NODES; node++) {
      if (cluster.metric(node, "larder_lease_remaining_seconds") > 0) {
        return true;
      }
    }
    return false;
  }

  private String found(int node, String key) {
    try (Jedis client = cluster.connect(node)) {
      return new String(TestCluster.found(client, key.getBytes(UTF_8)), UTF_8);
    }
  }

  private String get(int node, String key) {
    try (Jedis client = cluster.connect(node)) {
      return client.get(key);
    }
  }
}
