package io.larder.node.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalClusterIT {
  private static final int BLOCKS = 50;

  @TempDir Path dir;

  private static LocalClusterOptions in(Path dir, int nodes) {
    return new LocalClusterOptions(nodes, dir, List.of(), false, 1L << 30, 128L << 20, false);
  }

  private static LarderClient clientOf(LocalCluster cluster, int node) {
    return LarderClient.builder()
        .localNode(cluster.nodes().get(node).address())
        .attemptTimeout(Patience.limit())
        .callTimeout(Patience.limit())
        .build();
  }

  private static byte[] key(int i) {
    return ("key-" + i).getBytes(UTF_8);
  }

  @Test
  void killingEveryNodeLosesNoAcknowledgedPutAndASecondStartFindsItAgain() throws IOException {
    try (LocalCluster cluster = LocalCluster.start(in(dir, 2), line -> {})) {
      try (LarderClient client = clientOf(cluster, 0)) {
        for (int i = 0; i < BLOCKS; i++) {
          PutOutcome outcome =
              client.blocking().put(key(i), ByteBuffer.wrap(key(i)), PutOptions.NONE);
          assertThat(outcome).isEqualTo(PutOutcome.STORED);
        }
      }
      for (LocalNode node : cluster.nodes()) {
        cluster.kill(node);
      }
      assertThat(cluster.ended()).containsExactly("node-1", "node-2");

      assertThatThrownBy(() -> LocalCluster.start(in(dir, 2), line -> {}))
          .isInstanceOf(LocalClusterException.class)
          .hasMessageContaining("running in " + dir);
    }

    assertThatThrownBy(() -> LocalCluster.start(in(dir, 1), line -> {}))
        .isInstanceOf(LocalClusterException.class)
        .hasMessageContaining("has 2 nodes and 1 are asked for");

    try (LocalCluster cluster = LocalCluster.start(in(dir, 0), line -> {});
        LarderClient client = clientOf(cluster, 1)) {
      assertThat(cluster.nodes()).hasSize(2);
      for (int i = 0; i < BLOCKS; i++) {
        byte[] key = key(i);
        await()
            .untilAsserted(() -> {
              Optional<CachedBlock> found = client.blocking().get(key);
              assertThat(found).isPresent();
              try (CachedBlock block = found.orElseThrow()) {
                byte[] bytes = new byte[block.info().lengthBytes()];
                block.data().get(bytes);
                assertThat(bytes).isEqualTo(key);
              }
            });
      }
    }
  }

  @Test
  void aNodeThatCannotStartIsReportedWithItsReason() throws IOException {
    Files.createDirectories(dir.resolve("node-1"));
    Files.writeString(dir.resolve("node-1").resolve("device"), "not a device");
    assertThatThrownBy(() -> LocalCluster.start(in(dir, 1), line -> {}))
        .isInstanceOf(LocalClusterException.class)
        .hasMessageContaining("device");
  }
}
