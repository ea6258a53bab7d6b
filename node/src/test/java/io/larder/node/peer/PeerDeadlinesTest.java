package io.larder.node.peer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.DeafPeer;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.Member;
import io.larder.node.peer.PeerRequest.KeyRef;
import io.larder.node.server.MapBlockService;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A peer that is not heard costs a miss within the deadline, and no other peer's answers. */
class PeerDeadlinesTest {
  private static final long DEADLINE_MS = 1_000;

  /** On a machine that has much to do. */
  private static final long SLACK_MS = 3_000;

  private static final Member PEER = new Member("n1", 1); // who MapBlockService says it is
  private static final Member NAMELESS = new Member("n3", 3);

  private final MemoryPool pool = new MemoryPool(64L << 20, 0);
  private final MapBlockService service = new MapBlockService(pool, 8 << 20);
  private final RespServer server;
  private final DeafPeer way;
  private final PeerLinks links;

  PeerDeadlinesTest() throws IOException {
    server = RespServer.start(ServerConfig.at("127.0.0.1", 0), service, new SimpleMeterRegistry());
    way = new DeafPeer(server.port());
    links = new PeerLinks(pool, "n2", null, null, DEADLINE_MS);
    links.setMembers(
        Map.of(
            PEER, new PeerLinks.Address("127.0.0.1", way.port()),
            NAMELESS, new PeerLinks.Address("n3.stalled.test", 7379)));
  }

  @AfterEach
  void stop() throws IOException {
    links.close();
    way.close();
    server.stop(2_000);
    pool.close();
  }

  @Test
  void aHalfOpenConnectionIsAMissWithinTheDeadlineForAllWhoReadThroughIt() throws Exception {
    awaitAnswer(); // the connections are made
    way.cut();
    for (int round = 0; round < 3; round++) {
      long start = System.nanoTime();
      List<CompletableFuture<@Nullable Block>> reads = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        reads.add(fetch());
      }
      for (CompletableFuture<@Nullable Block> read : reads) {
        assertThatThrownBy(() -> read.get(20, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class);
      }
      assertThat(msSince(start)).isLessThan(DEADLINE_MS + SLACK_MS);
    }
  }

  @Test
  void aPeerThatIsHeardAgainIsReadFromAgain() throws Exception {
    awaitAnswer();
    way.cut();
    assertThatThrownBy(() -> fetch().get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    way.heal();
    awaitAnswer();
  }

  @Test
  void aBlackHoleWhereAPeerShouldBeFailsAQuestionWithinItsDeadline() {
    way.cut();
    long start = System.nanoTime();
    assertThatThrownBy(() -> ask(PEER).get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    assertThat(msSince(start)).isLessThan(DEADLINE_MS + SLACK_MS);
    start = System.nanoTime();
    assertThatThrownBy(() -> fetch().get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    assertThat(msSince(start)).isLessThan(DEADLINE_MS + SLACK_MS);
  }

  @Test
  void aNameServerThatDoesNotAnswerHoldsUpNothingButTheQuestionToThatName() throws Exception {
    awaitAnswer();
    long start = System.nanoTime();
    List<CompletableFuture<List<Lookup>>> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) { // more than there are event loops
      asked.add(ask(NAMELESS));
    }
    for (int i = 0; i < 20; i++) {
      assertThat(fetch().get(10, TimeUnit.SECONDS)).isNull();
    }
    assertThat(msSince(start)).as("reads from the other peer").isLessThan(SLACK_MS);
    for (CompletableFuture<List<Lookup>> each : asked) {
      assertThatThrownBy(() -> each.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
    }
    assertThat(msSince(start)).isLessThan(DEADLINE_MS + SLACK_MS);
  }

  /** The peer does not have the key, and says so; left alone after a failure, for 2 s at most. */
  private void awaitAnswer() {
    await()
        .ignoreExceptionsInstanceOf(ExecutionException.class)
        .untilAsserted(() -> assertThat(fetch().get(10, TimeUnit.SECONDS)).isNull());
  }

  private CompletableFuture<@Nullable Block> fetch() {
    Key key = service.keyspace().key("absent".getBytes(UTF_8));
    return links.fetch(PEER, key, Block.NEVER);
  }

  private CompletableFuture<List<Lookup>> ask(Member peer) {
    return links.ask(peer, new PeerRequest.Find(List.of(new KeyRef(1, 1))), DEADLINE_MS);
  }

  private static long msSince(long startNanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }
}
