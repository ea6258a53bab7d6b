package io.larder.node.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node that is not heard costs its client an attempt, then another node is asked. */
class UnheardNodesTest {
  private static final Duration ATTEMPT = Duration.ofMillis(300);
  private static final Duration CALL = Duration.ofSeconds(3);

  /** On a machine that has much to do. */
  private static final long SLACK_MS = 2_000;

  private static final byte[] KEY = "key".getBytes(UTF_8);

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

  private static LarderClient client(String local, List<String> others) {
    return LarderClient.builder()
        .localNode(local)
        .nodes(others)
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
      assertFoundWithin(client, SLACK_MS);
      way.cut();
      assertFoundWithin(client, ATTEMPT.toMillis() + SLACK_MS);
      for (int i = 0; i < 20; i++) {
        assertFoundWithin(client, SLACK_MS); // the dead one is not tried again first
      }
    }
  }

  @Test
  void withNoNodeInSightAGetIsAMissWithinTheCallsDeadline() throws IOException {
    try (LarderClient client = client(way.address(), List.of())) {
      put(client);
      way.cut();
      for (int i = 0; i < 2; i++) {
        long start = System.nanoTime();
        assertThat(client.blocking().get(KEY)).isEmpty();
        assertThat(msSince(start)).isLessThan(CALL.toMillis() + SLACK_MS);
      }
      way.heal();
      long start = System.nanoTime();
      Optional<CachedBlock> found = Optional.empty();
      while (found.isEmpty() && msSince(start) < 10_000) {
        found = client.blocking().get(KEY);
      }
      assertThat(found).isPresent();
      found.orElseThrow().close();
    }
  }

  @Test
  void aNameServerThatDoesNotAnswerCostsAnAttempt() {
    try (LarderClient client = client("far.stalled.test:7379", List.of(direct()))) {
      long start = System.nanoTime();
      put(client);
      assertThat(msSince(start)).isLessThan(ATTEMPT.toMillis() + SLACK_MS);
      for (int i = 0; i < 20; i++) {
        assertFoundWithin(client, SLACK_MS);
      }
    }
  }

  private static void put(LarderClient client) {
    assertThat(client.blocking().put(KEY, ByteBuffer.wrap(KEY), PutOptions.NONE))
        .isEqualTo(PutOutcome.STORED);
  }

  private static void assertFoundWithin(LarderClient client, long ms) {
    long start = System.nanoTime();
    try (CachedBlock block = client.blocking().get(KEY).orElseThrow()) {
      assertThat(block.data()).isEqualTo(ByteBuffer.wrap(KEY));
    }
    assertThat(msSince(start)).isLessThan(ms);
  }

  private static long msSince(long startNanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }
}
