package io.larder.testkit.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.larder.cli.process.ServiceProcess;
import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("integration")
class LocalClusterIT {
  private static final int BLOCKS = 50;

  @TempDir Path dir;

  private static LocalClusterOptions in(Path dir, int nodes) {
    return LocalClusterOptions.of(ServiceProcess.class)
        .nodes(nodes)
        .dir(dir)
        .deviceBytes(1L << 30)
        .memoryBytes(128L << 20)
        .build();
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
  void aKilledNodeIsBroughtBackFromAnotherProcessOfTheSameUser() throws Exception {
    try (LocalCluster cluster = LocalCluster.start(in(dir, 2), _ -> {});
        RestartDesk _ = RestartDesk.open(cluster)) {
      List<String> said = new ArrayList<>();
      assertThat(RestartDesk.ask(dir, "node-2", said::add)).isFalse();
      assertThat(said).containsExactly("node-2 runs");
      said.clear();
      assertThat(RestartDesk.ask(dir, "node-9", said::add)).isFalse();
      assertThat(said.getFirst()).contains("no node-9", "node-2", "coordinator-1");

      LocalNode second = cluster.nodes().get(1);
      long before = cluster.pid(second);
      cluster.kill(second);
      assertThat(cluster.ending("node-2")).contains("killed (exit code 137)", "node.log");
      said.clear();
      assertThat(RestartDesk.ask(dir, "node-2", said::add)).isTrue();
      assertThat(said.getLast()).contains("node-2 is ready again");
      assertThat(cluster.pid(second)).isNotEqualTo(before);
      assertThat(cluster.ended()).isEmpty();
    }
    assertThatThrownBy(() -> RestartDesk.ask(dir, "node-2", _ -> {}))
        .hasMessageContaining("no cluster of yours runs in " + dir);
  }

  @Test
  void theLogOfANodeThatEndsBeforeItIsReadyIsQuotedAndStaysThoughTheFolderWasTemporary()
      throws Exception {
    // Less than a pool may be: the node's configuration is refused when it starts.
    LocalClusterOptions options =
        LocalClusterOptions.of(ServiceProcess.class)
            .nodes(1)
            .deviceBytes(1L << 30)
            .memoryBytes(1L << 20)
            .build();
    Throwable failure = catchThrowable(() -> LocalCluster.start(options, _ -> {}));
    assertThat(failure)
        .isInstanceOf(LocalClusterException.class)
        .hasMessageContaining("node-1 ended before it was ready, exit code 2")
        .hasMessageContaining("memory.poolBytes");
    Path log =
        Path.of(
            String.valueOf(failure.getMessage())
                .lines()
                .toList()
                .getLast()
                .replaceFirst(".*its log: ", ""));
    assertThat(log).content().contains("memory.poolBytes");
    Path folder = log.resolve("../..").normalize();
    assertThat(log.resolveSibling("device")).doesNotExist();
    try (Stream<Path> left = Files.walk(folder)) {
      for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
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
