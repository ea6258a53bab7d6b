package io.larder.node.client;

import io.larder.node.block.MemoryPool;
import io.larder.node.server.MapBlockService;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The client against the node's RESP server, with a map instead of a device behind it. */
class LarderClientServerTest extends LarderClientContract {
  private static MemoryPool pool;
  private static RespServer server;

  @BeforeAll
  static void start() throws Exception {
    pool = new MemoryPool(512L << 20, 32L << 20);
    server =
        RespServer.start(
            ServerConfig.at("127.0.0.1", 0),
            new MapBlockService(pool, 64 << 20),
            new SimpleMeterRegistry());
  }

  @AfterAll
  static void stop() {
    server.close();
    pool.close();
  }

  @Override
  protected List<String> nodes() {
    return List.of("127.0.0.1:" + server.port());
  }
}
