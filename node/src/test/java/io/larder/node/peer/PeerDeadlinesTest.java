package io.larder.node.peer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.DeafPeer;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.block.MemoryPool;
import io.larder.node.directory.Lookup;
import io.larder.node.server.MapBlockService;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.larder.node.service.Member;
import io.larder.testing.Patience;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A peer that is never heard costs a miss, and no other peer's answers. What ends each wait here is
 * the deadline: nothing else ever comes.
 */
class PeerDeadlinesTest {
  private static final long DEADLINE_MS = 1_000;

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
  void aHalfOpenConnectionIsAMissForAllWhoReadThroughIt() throws Exception {
    awaitAnswer(); // the connections are made
    way.cut();
    for (int round = 0; round < 3; round++) {
      List<CompletableFuture<@Nullable Block>> reads = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        reads.add(fetch());
      }
      for (CompletableFuture<@Nullable Block> read : reads) {
        assertThatThrownBy(() -> Patience.get(read)).isInstanceOf(ExecutionException.class);
      }
    }
  }

  @Test
  void aPeerThatIsHeardAgainIsReadFromAgain() throws Exception {
    awaitAnswer();
    way.cut();
    assertThatThrownBy(() -> Patience.get(fetch())).isInstanceOf(ExecutionException.class);
    way.heal();
    awaitAnswer();
  }

  @Test
  void aBlackHoleWhereAPeerShouldBeFailsAQuestion() {
    way.cut();
    assertThatThrownBy(() -> Patience.get(ask(PEER))).isInstanceOf(ExecutionException.class);
    assertThatThrownBy(() -> Patience.get(fetch())).isInstanceOf(ExecutionException.class);
  }

  @Test
  void aNameServerThatDoesNotAnswerHoldsUpNothingButTheQuestionToThatName() throws Exception {
    awaitAnswer();
    List<CompletableFuture<List<Lookup>>> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) { // more than there are event loops
      asked.add(ask(NAMELESS));
    }
    for (int i = 0; i < 20; i++) {
      awaitAnswer();
    }
    for (CompletableFuture<List<Lookup>> each : asked) {
      assertThatThrownBy(() -> Patience.get(each)).isInstanceOf(ExecutionException.class);
    }
  }

  /** The peer does not have the key, and says so; left alone after a failure, for 2 s at most. */
  private void awaitAnswer() {
    await()
        .ignoreExceptionsInstanceOf(ExecutionException.class)
        .untilAsserted(() -> assertThat(Patience.get(fetch())).isNull());
  }

  private CompletableFuture<@Nullable Block> fetch() {
    Key key = service.keyspace().key("absent".getBytes(UTF_8));
    return links.fetch(PEER, key, Block.NEVER);
  }

  private CompletableFuture<List<Lookup>> ask(Member peer) {
    return links.ask(peer, new PeerRequest.Find(List.of(new KeyRef(1, 1))), DEADLINE_MS);
  }
}
