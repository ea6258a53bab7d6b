package io.larder.node.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
import io.larder.client.LarderException;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.node.DeafPeer;
import io.larder.node.block.MemoryPool;
import io.larder.node.server.MapBlockService;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A node that is never heard costs its client an attempt, then another node is asked. A node that
 * is heard may be late on a busy machine: that is a miss, and the client asks again.
 */
class UnheardNodesTest {
  private static final Duration ATTEMPT = Duration.ofMillis(300);
  private static final Duration CALL = Duration.ofSeconds(3);

  private static final byte[] KEY = "key".getBytes(UTF_8);
  private static final int CALLS = 20;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private final MemoryPool pool = new MemoryPool(64L << 20, 0);
  private final MapBlockService service = new MapBlockService(pool, 8 << 20);
  private final RespServer server;
  private final DeafPeer way;

  UnheardNodesTest() throws IOException {
    server = RespServer.start(ServerConfig.at("127.0.0.1", 0), service, new SimpleMeterRegistry());
    way = new DeafPeer(server.port());
  }

  @AfterEach
  void stop() throws IOException {
    way.close();
    server.stop(2_000);
    pool.close();
  }

  private LarderClient client(String local, List<String> others) {
    return LarderClient.builder()
        .localNode(local)
        .nodes(others)
        .meterRegistry(meters)
        .attemptTimeout(ATTEMPT)
        .connectTimeout(ATTEMPT)
        .callTimeout(CALL)
        .build();
  }

  private String direct() {
    return "127.0.0.1:" + server.port();
  }

  @Test
  void aHalfOpenConnectionCostsAnAttemptAndThenTheOtherNodeAnswers() throws IOException {
    try (LarderClient client = client(way.address(), List.of(direct()))) {
      put(client);
      awaitFound(client);
      way.cut();
      awaitFound(client);
      assertTheDeadOneIsNotTriedFirst(client);
    }
  }

  @Test
  void withNoNodeInSightAGetIsAMissUntilOneIsHeardAgain() throws IOException {
    try (LarderClient client = client(way.address(), List.of())) {
      put(client);
      way.cut();
      for (int i = 0; i < 2; i++) {
        assertThat(client.blocking().get(KEY)).isEmpty();
      }
      way.heal();
      awaitFound(client);
    }
  }

  @Test
  void aNameServerThatDoesNotAnswerCostsAnAttempt() {
    try (LarderClient client = client("far.stalled.test:7379", List.of(direct()))) {
      put(client);
      awaitFound(client);
      assertTheDeadOneIsNotTriedFirst(client);
    }
  }

  private static void put(LarderClient client) {
    await()
        .ignoreExceptionsInstanceOf(LarderException.class)
        .until(
            () -> client.blocking().put(KEY, ByteBuffer.wrap(KEY), PutOptions.NONE),
            outcome -> outcome == PutOutcome.STORED || outcome == PutOutcome.EXISTS);
  }

  private static void awaitFound(LarderClient client) {
    try (CachedBlock block =
        await().until(() -> client.blocking().get(KEY), Optional::isPresent).orElseThrow()) {
      assertThat(block.data()).isEqualTo(ByteBuffer.wrap(KEY));
    }
  }

  /** Each call that began with it would be one that needs a second attempt. */
  private void assertTheDeadOneIsNotTriedFirst(LarderClient client) {
    double before = retries();
    for (int i = 0; i < CALLS; i++) {
      awaitFound(client);
    }
    assertThat(retries() - before).isLessThan(CALLS);
  }

  private double retries() {
    return meters.get("larder.client.retries").counter().count();
  }
}
