package io.larder.system.redis;

import static io.larder.system.cluster.TestCluster.value;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.cli.process.ServiceProcess;
import io.larder.testing.LeftOut;
import io.larder.testing.Need;
import io.larder.testing.Needs;
import io.larder.testing.Patience;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.LocalNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.HostAndPort;

/** Ordinary Redis clients against three nodes, each a process of its own. */
@Tag("integration")
class RedisClientsIT {
  private static final int BIG_BYTES = 64 << 20;
  private static final int KEYS = 16;

  @TempDir static Path dir;
  private static LocalCluster cluster;

  /** Standalone clients know the last node, cluster clients find the others. */
  enum Kind {
    LETTUCE,
    LETTUCE_CLUSTER,
    JEDIS,
    JEDIS_CLUSTER,
    REDIS_CLI,
    REDIS_CLI_CLUSTER;

    OrdinaryClient connect() {
      if (name().startsWith("REDIS_CLI")) {
        LeftOut.unless(Need.REDIS_TOOLS.isMet(), RedisClientsIT.class, Need.REDIS_TOOLS);
      }
      List<HostAndPort> nodes = addresses();
      return switch (this) {
        case LETTUCE -> LettucePeer.standalone(nodes.getLast());
        case LETTUCE_CLUSTER -> LettucePeer.cluster(nodes);
        case JEDIS -> JedisPeer.standalone(nodes.getLast());
        case JEDIS_CLUSTER -> JedisPeer.cluster(nodes);
        case REDIS_CLI -> new RedisCliPeer(nodes.getLast(), dir, "-3");
        case REDIS_CLI_CLUSTER -> new RedisCliPeer(nodes.getLast(), dir, "-3", "-c");
      };
    }

    boolean isCluster() {
      return name().endsWith("_CLUSTER");
    }

    String key(String name) {
      return name() + ":" + name;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    cluster =
        LocalCluster.start(
            LocalClusterOptions.of(ServiceProcess.class).memoryBytes(256L << 20).build(),
            line -> {});
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  private static List<HostAndPort> addresses() {
    return cluster.nodes().stream().map(node -> new HostAndPort(node.host(), node.port())).toList();
  }

  private static byte[] text(String text) {
    return text.getBytes(UTF_8);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyClientSetsGetsCountsDeletesAndExpires(Kind kind) throws Exception {
    try (OrdinaryClient client = kind.connect()) {
      List<String> keys = new ArrayList<>();
      for (String name : List.of("a", "b", "c")) {
        keys.add(kind.key("{many}" + name));
      }
      assertThat(client.set(keys.get(0), text("first"))).isEqualTo("OK");
      assertThat(client.set(keys.get(2), text("third"))).isEqualTo("OK");
      assertThat(client.set(keys.get(2), text("another"))).isEqualTo("OK"); // and nothing changes
      assertThat(client.get(keys.get(0))).isEqualTo(text("first"));
      assertThat(client.get(keys.get(1))).isNull();
      assertThat(client.mget(keys)).containsExactly(text("first"), null, text("third"));
      assertThat(client.exists(keys.get(0))).isEqualTo(1);
      assertThat(client.exists(keys.get(1))).isZero();
      assertThat(client.del(keys.get(0))).isEqualTo(1);
      assertThat(client.del(keys.get(0))).isZero();
      assertThat(client.get(keys.get(0))).isNull();

      assertThat(client.setForSeconds(kind.key("hour"), text("v"), 3600)).isEqualTo("OK");
      assertThat(client.ttlSeconds(kind.key("hour"))).isBetween(3000L, 3600L);
      assertThat(client.ttlSeconds(keys.get(2))).isEqualTo(-1);
      assertThat(client.setForSeconds(kind.key("brief"), text("v"), 1)).isEqualTo("OK");
      await().until(() -> client.get(kind.key("brief")) == null);
      assertThat(client.exists(kind.key("brief"))).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyClientPipelinesOverAllSlots(Kind kind) throws Exception {
    Map<String, byte[]> values = new LinkedHashMap<>();
    for (int i = 0; i < 200; i++) {
      values.put(kind.key("piped-" + i), text("value " + i));
    }
    try (OrdinaryClient client = kind.connect()) {
      assertThat(client.pipelineSets(values)).isEqualTo(values.size());
      // A peer that is slow for once is a miss, as promised; other bytes never are an answer.
      await()
          .untilAsserted(() ->
              assertThat(client.pipelineGets(List.copyOf(values.keySet())))
                  .containsExactlyElementsOf(values.values()));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyClientMovesSixtyFourMebibytes(Kind kind) throws Exception {
    byte[] big = value(BIG_BYTES, kind.name().hashCode());
    try (OrdinaryClient client = kind.connect()) {
      assertThat(client.set(kind.key("big"), big)).isEqualTo("OK");
      assertThat(client.get(kind.key("big"))).isEqualTo(big);
      assertThat(client.del(kind.key("big"))).isEqualTo(1);
    }
  }

  @Test
  void twoClientsThatDeleteOneKeyAtOnceAreBothAnswered() throws Exception {
    try (OrdinaryClient one = Kind.JEDIS.connect();
        OrdinaryClient other = Kind.LETTUCE.connect();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < 20; i++) {
        String key = "contested-" + i;
        assertThat(one.set(key, text("v"))).isEqualTo("OK");
        Future<Long> deleted = thread.submit(() -> other.del(key));
        assertThat(one.del(key) + Patience.get(deleted)).isEqualTo(1);
      }
    }
  }

  @Test
  @Needs(Need.REDIS_TOOLS)
  void redisBenchmarkRunsPipelinedWithBigValuesAndInClusterModeWithoutAnError() throws Exception {
    LocalNode node = cluster.nodes().getLast();
    benchmark(node, "-t", "set,get", "-r", "10000", "-n", "5000", "-c", "20", "-P", "16");
    benchmark(node, "-t", "set,get", "-r", "100", "-n", "8", "-c", "2", "-d", "" + BIG_BYTES);
    benchmark(node, "--cluster", "-t", "set,get", "-r", "10000", "-n", "5000", "-d", "4096");
    benchmark(node, "-n", "2000", "exists", "key:__rand_int__");
    benchmark(node, "-n", "1000", "-r", "1000", "del", "key:__rand_int__");
    benchmark(node, "-n", "500", "mget", "key:000000000001", "key:000000000002");
    benchmark(node, "-n", "2000", "-r", "100000", "set", "e:__rand_int__", "v", "EX", "60");
  }

  private static void benchmark(LocalNode node, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("redis-benchmark", "-h", node.host(), "-p", "" + node.port(), "--csv"));
    command.addAll(List.of(arguments));
    String report = new String(RedisCliPeer.run(dir, new byte[0], command), UTF_8);
    assertThat(report.lines().filter(line -> line.startsWith("\"")).count())
        .as(report)
        .isGreaterThan(1);
    assertThat(report).doesNotContainIgnoringCase("error");
  }

  /** Keys put before are read as they were put or missed; every slot soon takes puts again. */
  @Test
  @Needs(Need.REDIS_TOOLS)
  void everyClientGoesOnWhenANodeIsKilled() throws Exception {
    Map<Kind, OrdinaryClient> clients = new LinkedHashMap<>();
    try {
      for (Kind kind : Kind.values()) {
        clients.put(kind, kind.connect());
      }
      for (var each : clients.entrySet()) {
        assertThat(each.getValue().pipelineSets(keys(each.getKey(), "before"))).isEqualTo(KEYS);
      }
      LocalNode killed = cluster.nodes().getFirst();
      cluster.kill(killed);
      for (var each : clients.entrySet()) {
        goOn(each.getKey(), each.getValue());
      }
      benchmark(cluster.nodes().getLast(), "-t", "set,get", "-r", "9000", "-n", "3000");
      cluster.restart(killed);
      for (var each : clients.entrySet()) {
        OrdinaryClient client = each.getValue();
        keys(each.getKey(), "before").forEach((key, value) -> awaitValue(client, key, value));
      }
    } finally {
      for (OrdinaryClient client : clients.values()) {
        client.close();
      }
    }
  }

  private static Map<String, byte[]> keys(Kind kind, String when) {
    Map<String, byte[]> values = new LinkedHashMap<>();
    for (int i = 0; i < KEYS; i++) {
      values.put(kind.key(when + "-" + i), text(when + i));
    }
    return values;
  }

  private static void goOn(Kind kind, OrdinaryClient client) {
    keys(kind, "after")
        .forEach((key, value) -> {
          soon(() -> assertThat(client.set(key, value)).isEqualTo("OK"));
          awaitValue(client, key, value);
        });
    keys(kind, "before")
        .forEach((key, value) -> {
          if (kind.isCluster()) {
            // Its holder may be the one that was killed.
            soon(() -> assertThat(client.get(key)).isIn(value, null));
          } else {
            awaitValue(client, key, value);
          }
        });
  }

  private static void awaitValue(OrdinaryClient client, String key, byte[] value) {
    soon(() -> assertThat(client.get(key)).isEqualTo(value));
  }

  private static void soon(ThrowingRunnable assertion) {
    await().pollDelay(Duration.ZERO).ignoreExceptions().untilAsserted(assertion);
  }
}
