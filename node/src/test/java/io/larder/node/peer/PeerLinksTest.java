package io.larder.node.peer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.server.MapBlockService;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.larder.node.service.Member;
import io.larder.testing.Patience;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PeerLinksTest {
  private static final Member SERVING = new Member("n1", 1);
  private static final Member OTHER = new Member("n9", 2);

  private final MemoryPool pool = new MemoryPool(64L << 20, 0);
  private final MapBlockService service = new MapBlockService(pool, 8 << 20); // it is node n1
  private final RespServer server;
  private final PeerLinks links;

  PeerLinksTest() throws IOException {
    server = RespServer.start(ServerConfig.at("127.0.0.1", 0), service, new SimpleMeterRegistry());
    links = new PeerLinks(pool, "n2", null, null, Patience.limitMs());
    // As after two nodes have exchanged their addresses: both are looked for where n1 is.
    PeerLinks.Address address = new PeerLinks.Address("127.0.0.1", server.port());
    links.setMembers(Map.of(SERVING, address, OTHER, address));
  }

  @AfterEach
  void stop() {
    links.close();
    server.stop(2_000);
    pool.close();
  }

  @Test
  void whoeverAnswersAtAPeersAddressIsAskedOnlyIfItIsThatPeer() throws Exception {
    assertThat(Patience.get(fetch(SERVING))).isNull(); // it does not have the key
    assertThatThrownBy(() -> Patience.get(fetch(OTHER)))
        .hasRootCauseInstanceOf(PeerException.class)
        .hasMessageContaining("n9")
        .hasMessageContaining("n1");
  }

  private CompletableFuture<@Nullable Block> fetch(Member from) {
    Key key = service.keyspace().key("absent".getBytes(UTF_8));
    return links.fetch(from, key, Block.NEVER);
  }
}
