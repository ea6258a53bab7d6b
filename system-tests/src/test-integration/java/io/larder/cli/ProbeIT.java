package io.larder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.cli.process.ServiceProcess;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("integration")
class ProbeIT {
  @TempDir Path dir;

  @Test
  void whatIsPutThroughOneNodeIsReadThroughEveryNode() throws Exception {
    LocalClusterOptions options =
        LocalClusterOptions.of(ServiceProcess.class)
            .nodes(2)
            .dir(dir)
            .deviceBytes(1L << 30)
            .memoryBytes(128L << 20)
            .build();
    try (LocalCluster cluster = LocalCluster.start(options, line -> {})) {
      String one = cluster.nodes().get(0).address();
      String other = cluster.nodes().get(1).address();
      CommandRun run =
          CommandRun.larder(
              "probe", "--node", one, "--node", other, "--block-bytes", "3MiB", "--timeout", "300");
      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.out().lines())
          .satisfiesExactly(
              line -> assertThat(line).startsWith("put through " + one + ": 8 blocks of 3"),
              line -> assertThat(line).startsWith("read through " + one + ": 8 blocks of 3"),
              line -> assertThat(line).startsWith("read through " + other + ": 8 blocks of 3"));

      cluster.kill(cluster.nodes().get(1));
      assertThat(Larder.run("probe", "--node", one, "--node", other, "--timeout", "3"))
          .as("a node that is away is noticed")
          .isEqualTo(4);
    }
  }
}
