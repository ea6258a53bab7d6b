package io.larder.system.cluster;

import static io.larder.system.cluster.TestCluster.found;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.LateAnswers;
import io.larder.testing.Patience;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

@Tag("integration")
class ClusterIT {
  /** What a waiter gives the writer it waits for. */
  private static final long WAIT_MS = Patience.limit().toMillis();

  @TempDir static Path dir;
  private static TestCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    cluster = new TestCluster(dir, 3);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 4096, 65_535, 65_536, 1 << 20, (1 << 20) + 1, 5_000_000})
  void aValuePutThroughOneNodeIsReadThroughEveryOther(int length) {
    byte[] key = ("everywhere-" + length).getBytes(UTF_8);
    byte[] value = TestCluster.value(length, length);
    try (Jedis node = cluster.connect(length % 3)) {
      assertThat(node.set(key, value)).isEqualTo("OK");
    }
    for (int i = 0; i < cluster.size(); i++) {
      try (Jedis node = cluster.connect(i)) {
        assertThat(found(node, key)).isEqualTo(value);
      }
    }
    assertThat(cluster.copies(key)).isEqualTo(1);
  }

  @Test
  void aSecondSetOfALiveKeyIsOkAndWritesNothing() {
    byte[] key = "second".getBytes(UTF_8);
    byte[] first = TestCluster.value(100_000, 1);
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1)) {
      assertThat(a.set(key, first)).isEqualTo("OK");
      assertThat(b.set(key, TestCluster.value(100_000, 2))).isEqualTo("OK");
      assertThat(b.set(key, first, SetParams.setParams().nx())).isNull();
      assertThat(found(a, key)).isEqualTo(first);
      assertThat(found(b, key)).isEqualTo(first);
    }
    assertThat(cluster.copies(key)).isEqualTo(1);
  }

  @Test
  void aHerdOfWritersLeavesOneCopyOfEachKey() throws Exception {
    int writers = 24;
    int keys = 40;
    CyclicBarrier start = new CyclicBarrier(writers);
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      List<Future<?>> done = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        int salt = writer;
        done.add(
            threads.submit(() -> {
              try (Jedis node = cluster.connect(salt % 3)) {
                start.await();
                for (int key = 0; key < keys; key++) {
                  byte[] name = ("herd-" + key).getBytes(UTF_8);
                  assertThat(node.set(name, TestCluster.value(70_000, key * 1000L + salt)))
                      .isEqualTo("OK");
                }
              }
              return null;
            }));
      }
      for (Future<?> each : done) {
        Patience.get(each);
      }
    }
    for (int key = 0; key < keys; key++) {
      byte[] name = ("herd-" + key).getBytes(UTF_8);
      assertThat(cluster.copies(name)).as("copies of key %d", key).isEqualTo(1);
      byte[] found;
      try (Jedis node = cluster.connect(0)) {
        found = found(node, name);
      }
      long seed = key * 1000L;
      assertThat(LongStream.range(seed, seed + writers))
          .anyMatch(each -> Arrays.equals(found, TestCluster.value(70_000, each)));
      for (int i = 1; i < cluster.size(); i++) {
        try (Jedis node = cluster.connect(i)) {
          assertThat(found(node, name)).isEqualTo(found);
        }
      }
    }
  }

  @Test
  void aDeletedKeyIsGoneEverywhereAndCanBePutAgain() {
    byte[] key = "deleted".getBytes(UTF_8);
    byte[] second = TestCluster.value(300_000, 2);
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1);
        Jedis c = cluster.connect(2)) {
      a.set(key, TestCluster.value(300_000, 1));
      assertThat(found(b, key)).isNotNull();
      assertThat(c.del(key)).isEqualTo(1);
      assertThat(a.get(key)).isNull();
      assertThat(b.get(key)).isNull();
      assertThat(c.del(key)).isZero();
      assertThat(b.set(key, second)).isEqualTo("OK");
      assertThat(found(a, key)).isEqualTo(second);
    }
  }

  @Test
  void aValueIsPinnedWhereverItIsAndADeleteBeatsThePin() {
    byte[] key = "pinned".getBytes(UTF_8);
    try (Jedis a = cluster.connect(0)) {
      assertThat(a.set(key, TestCluster.value(200_000, 1))).isEqualTo("OK");
      for (String command : List.of("KV.PIN", "KV.PIN", "KV.UNPIN", "KV.PIN")) {
        for (int i = 0; i < cluster.size(); i++) {
          try (Jedis node = cluster.connect(i)) {
            assertThat(node.sendCommand(() -> bytes(command), "pinned")).isEqualTo(1L);
            assertThat(node.sendCommand(() -> bytes(command), "never put")).isEqualTo(0L);
          }
        }
      }
      assertThat(a.get(key)).isEqualTo(TestCluster.value(200_000, 1));
      assertThat(a.del(key)).isEqualTo(1);
      assertThat(a.sendCommand(() -> bytes("KV.PIN"), "pinned")).isEqualTo(0L);
    }
  }

  @Test
  void aKeyDeletedTheMomentItExistsStaysDeleted() throws Exception {
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      int deleted = 0;
      for (int round = 0; round < 300; round++) {
        String key = "brief-" + round;
        String token = lease(a, key, 0).substring(8);
        Future<Long> gone =
            other.submit(() -> {
              assertThat(lease(b, key, WAIT_MS)).isEqualTo("EXISTS");
              return b.del(key);
            });
        assertThat(put(a, key, token, bytes(key))).isEqualTo("STORED");
        if (Patience.get(gone) == 1) {
          deleted++;
          assertThat(a.get(key)).as("round %d", round).isNull();
          assertThat(cluster.copies(bytes(key))).as("round %d", round).isZero();
        }
      }
      assertThat(deleted).isEqualTo(300);
    }
  }

  @Test
  void aKeyExpiresEverywhere() {
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1)) {
      byte[] key = readBeforeItExpired(a, b);
      await().until(() -> a.get(key) == null && b.get(key) == null);
      assertThat(b.ttl(key)).isEqualTo(-2);
      assertThat(b.set(key, TestCluster.value(10, 2))).isEqualTo("OK");
      assertThat(a.ttl(key)).isEqualTo(-1);
    }
  }

  /** A key with a short life that was seen alive; on a slow machine it takes a longer one. */
  private static byte[] readBeforeItExpired(Jedis a, Jedis b) {
    for (long ttlMs = 700; ; ttlMs *= 2) {
      byte[] key = bytes("expires in " + ttlMs);
      a.set(key, TestCluster.value(10, 1), SetParams.setParams().px(ttlMs));
      boolean read = b.get(key) != null;
      long leftMs = b.pttl(key);
      if (read && leftMs > 0) {
        assertThat(leftMs).isLessThanOrEqualTo(ttlMs);
        return key;
      }
      assertThat(ttlMs).as("alive for a read and a question").isLessThan(WAIT_MS);
    }
  }

  @Test
  void theSecondServerThatWantsABlockIsWokenWhenTheFirstHasPutIt() throws Exception {
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1)) {
      String granted = lease(a, "wanted", 0);
      assertThat(granted).startsWith("GRANTED ");
      assertThat(lease(b, "wanted", 0)).isEqualTo("HELD");
      CompletableFuture<String> waiting =
          CompletableFuture.supplyAsync(() -> lease(b, "wanted", WAIT_MS));
      await()
          .until(() -> {
            double waits = 0;
            for (int node = 0; node < cluster.size(); node++) {
              waits += cluster.metric(node, "larder_leases_waits_total");
            }
            return waits > 0;
          });
      assertThat(put(a, "wanted", granted.substring(8), TestCluster.value(2_000_000, 1)))
          .isEqualTo("STORED");
      assertThat(Patience.get(waiting)).isEqualTo("EXISTS");
      assertThat(found(b, "wanted".getBytes(UTF_8))).isEqualTo(TestCluster.value(2_000_000, 1));
    }
  }

  @Test
  void whoIsToldThatABlockExistsFindsIt() throws Exception {
    int rounds = 400;
    LateAnswers late = new LateAnswers();
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1);
        ExecutorService waiter = Executors.newSingleThreadExecutor()) {
      for (int round = 0; round < rounds; round++) {
        String key = "told-" + round;
        String token = lease(a, key, 0).substring(8);
        Future<byte[]> found =
            waiter.submit(() -> {
              assertThat(lease(b, key, WAIT_MS)).isEqualTo("EXISTS");
              return foundUnlessLate(b, bytes(key), late);
            });
        assertThat(put(a, key, token, bytes(key))).isEqualTo("STORED");
        assertThat(Patience.get(found)).as("round %d", round).isEqualTo(bytes(key));
      }
      for (int round = 0; round < rounds; round++) {
        assertThat(found(a, bytes("told-" + round))).isNotNull();
      }
    }
  }

  /** The value at once, or, if an answer was late, as soon as it comes. */
  private static byte[] foundUnlessLate(Jedis node, byte[] key, LateAnswers late) {
    while (true) {
      long asked = System.nanoTime();
      byte[] value = node.get(key);
      if (value != null) {
        return value;
      }
      assertThat(late.explain(asked)).as("a late answer before this miss").isTrue();
    }
  }

  @Test
  void aGrantGivenBackOrLeftBehindByItsClientPassesToTheNext() {
    try (Jedis b = cluster.connect(1)) {
      try (Jedis a = cluster.connect(0)) {
        String granted = lease(a, "given-back", 0);
        assertThat(a.sendCommand(() -> bytes("KV.ABORT"), "given-back", granted.substring(8)))
            .isEqualTo(1L);
        assertThat(lease(b, "given-back", 0)).startsWith("GRANTED ");
        assertThat(lease(a, "left-behind", 0)).startsWith("GRANTED ");
        assertThat(lease(b, "left-behind", 0)).isEqualTo("HELD");
      }
      assertThat(lease(b, "left-behind", WAIT_MS)).startsWith("GRANTED ");
    }
  }

  @Test
  void aTokenTellsWhatBecameOfItsPut() {
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(2)) {
      String token = lease(a, "settled", 0).substring(8);
      assertThat(commit(b, "settled", token)).isEqualTo("HELD");
      assertThat(put(a, "settled", token, new byte[10])).isEqualTo("STORED");
      assertThat(commit(b, "settled", token)).isEqualTo("STORED");
      assertThat(commit(b, "settled", "1-1")).isEqualTo("EXISTS");
      assertThat(commit(b, "never-put", token)).isEqualTo("ABSENT");
    }
  }

  @Test
  void theLongestPrefixCountsAcrossNodes() {
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1)) {
      for (int i = 0; i < 30; i++) {
        if (i != 20) {
          (i % 2 == 0 ? a : b).set("prefix-" + i, "v");
        }
      }
      String[] keys = new String[30];
      for (int i = 0; i < keys.length; i++) {
        keys[i] = "prefix-" + i;
      }
      try (Jedis c = cluster.connect(2)) {
        // An owner that is late ends the prefix, as promised: on a busy machine it is asked again.
        await()
            .untilAsserted(
                () -> assertThat(c.sendCommand(() -> bytes("KV.PREFIX"), keys)).isEqualTo(20L));
        await().untilAsserted(() -> assertThat(c.exists(keys)).isEqualTo(29));
      }
    }
  }

  @Test
  void everyNodeNamesTheSameHolder() {
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1)) {
      a.set("located", "v");
      List<?> seenByA = (List<?>) a.sendCommand(() -> bytes("KV.LOCATE"), "located", "nowhere");
      List<?> seenByB = (List<?>) b.sendCommand(() -> bytes("KV.LOCATE"), "located", "nowhere");
      assertThat(text((List<?>) seenByA.getFirst())).isEqualTo(text((List<?>) seenByB.getFirst()));
      assertThat(text((List<?>) seenByA.getFirst()))
          .startsWith("node-1", "127.0.0.1:" + cluster.node(0).port());
      assertThat(seenByA.get(1)).isNull();
    }
  }

  @Test
  void badInputIsRefusedAndTheConnectionStaysUsable() {
    try (Jedis node = cluster.connect(0)) {
      node.clientSetname("test"); // else an error to SET closes the connection
      assertThatThrownBy(() -> node.set("k".repeat(1025), "v"))
          .isInstanceOf(JedisDataException.class)
          .hasMessageContaining("1025");
      assertThatThrownBy(() -> node.set("", "v")).isInstanceOf(JedisDataException.class);
      assertThatThrownBy(() -> node.set("big".getBytes(UTF_8), new byte[(128 << 20) + 1]))
          .isInstanceOf(JedisDataException.class)
          .hasMessageContaining("larger");
      assertThat(node.set("after", "v")).isEqualTo("OK");
      assertThat(node.get("after")).isEqualTo("v");
    }
  }

  @Test
  void aRestartedNodeServesWhatItHeldAndKeepsOneCopy() throws IOException {
    byte[] value = TestCluster.value(500_000, 9);
    try (Jedis node = cluster.connect(2)) {
      node.set("kept".getBytes(UTF_8), value);
    }
    cluster.restart(2);
    for (int i = 0; i < cluster.size(); i++) {
      int index = i;
      await()
          .untilAsserted(() -> {
            try (Jedis node = cluster.connect(index)) {
              assertThat(node.get("kept".getBytes(UTF_8))).isEqualTo(value);
            }
          });
    }
    assertThat(cluster.copies("kept".getBytes(UTF_8))).isEqualTo(1);
  }

  @Test
  void putsAndGetsWriteNothingToZooKeeper() throws IOException {
    long before = zxid();
    long start = System.nanoTime();
    try (Jedis a = cluster.connect(0);
        Jedis b = cluster.connect(1)) {
      for (int i = 0; i < 2_000; i++) {
        a.set("quiet-" + i, "v");
        b.get("quiet-" + i);
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    // Three nodes write a heartbeat every few seconds.
    assertThat(zxid() - before).isLessThan((long) (seconds * 6) + 20);
  }

  private static long zxid() throws IOException {
    String[] address = cluster.zooKeeperAddress().split(":", 2);
    try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]))) {
      socket.getOutputStream().write("srvr".getBytes(UTF_8));
      socket.shutdownOutput();
      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
      String zxid = answer.substring(answer.indexOf("Zxid: 0x") + 8).lines().findFirst().get();
      return Long.parseLong(zxid.strip(), 16);
    }
  }

  private static String lease(Jedis node, String key, long waitMs) {
    List<?> answers =
        (List<?>)
            node.sendCommand(() -> bytes("KV.LEASE"), "1", key, "WAIT", Long.toString(waitMs));
    return new String((byte[]) answers.getFirst(), UTF_8);
  }

  private static String put(Jedis node, String key, String token, byte[] value) {
    Object reply =
        node.sendCommand(
            () -> bytes("KV.PUT"), bytes(key), bytes("TOKEN"), bytes(token), bytes("VALUE"), value);
    return new String((byte[]) reply, UTF_8);
  }

  private static String commit(Jedis node, String key, String token) {
    return new String((byte[]) node.sendCommand(() -> bytes("KV.COMMIT"), key, token), UTF_8);
  }

  private static List<String> text(List<?> bulks) {
    return bulks.stream().map(bulk -> new String((byte[]) bulk, UTF_8)).toList();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
