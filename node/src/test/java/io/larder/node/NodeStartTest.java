package io.larder.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.block.MemoryPool;
import io.larder.node.config.NodeConfig;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreException;
import io.larder.node.store.log.DeviceFormat;
import io.larder.node.store.log.LogStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that cannot start gives back everything it has opened. */
class NodeStartTest {
  /** A loopback address of this test's own, so that no other test takes its ports. */
  private static final String HOST = "127.8.8.8";

  private static final long DEVICE_BYTES = 64L << 20;
  private static final long MEMORY_BYTES = 64L << 20;

  @TempDir Path dir;
  private Path device;
  private ServerSocket taken;

  @BeforeEach
  void prepare() throws IOException {
    device = dir.resolve("device");
    DeviceFormat.format(new FormatOptions(device, DEVICE_BYTES, "test", "node-1", 1 << 20, false));
    taken = new ServerSocket(0, 1, InetAddress.getByName(HOST));
  }

  @AfterEach
  void freePort() throws IOException {
    taken.close();
  }

  @Test
  void aRespPortInUseLeavesTheDeviceFree() throws IOException {
    int port = taken.getLocalPort();
    NodeConfig config = config("test", port, 0);
    assertThatThrownBy(() -> NodeProcess.start(config))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(HOST + ":" + port);
    assertDeviceIsFree(config);
  }

  @Test
  void anHttpPortInUseLeavesTheDeviceAndTheRespPortFree() throws IOException {
    int respPort;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
      respPort = free.getLocalPort();
    }
    int port = taken.getLocalPort();
    NodeConfig config = config("test", respPort, port);
    assertThatThrownBy(() -> NodeProcess.start(config))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(HOST + ":" + port);
    assertDeviceIsFree(config);
    new ServerSocket(respPort, 1, InetAddress.getByName(HOST)).close();
  }

  @Test
  void aDeviceOfAnotherClusterIsLeftFree() throws IOException {
    NodeConfig config = config("other", 0, 0);
    assertThatThrownBy(() -> NodeProcess.start(config))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("belongs to cluster 'test'");
    assertDeviceIsFree(config);
  }

  private static void assertDeviceIsFree(NodeConfig config) {
    MemoryPool pool = new MemoryPool(MEMORY_BYTES, 0);
    try (LogStore store = LogStore.open(config.storeConfig(), pool)) {
      assertThat(store.identity().nodeId()).isEqualTo("node-1");
    } finally {
      pool.close();
    }
  }

  private NodeConfig config(String cluster, int port, int httpPort) {
    NodeConfig defaults = NodeConfig.DEFAULTS;
    return new NodeConfig(
        device,
        cluster,
        "",
        new NodeConfig.Listen(HOST, port, "", defaults.listen().transport(), 1),
        new NodeConfig.Http(HOST, httpPort),
        defaults.zookeeper(),
        new NodeConfig.Memory(MEMORY_BYTES, 0, 0),
        defaults.storage(),
        defaults.security(),
        defaults.tls(),
        defaults.limits());
  }
}
