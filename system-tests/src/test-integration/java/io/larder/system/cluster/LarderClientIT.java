package io.larder.system.cluster;

import io.larder.node.client.SharedWorkContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The client against three nodes with devices, a coordinator and ZooKeeper. */
@Tag("integration")
class LarderClientIT extends SharedWorkContract {
  @TempDir static Path dir;
  private static TestCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    cluster = new TestCluster(dir, 3);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Override
  protected List<String> nodes() {
    return IntStream.range(0, cluster.size())
        .mapToObj(i -> "127.0.0.1:" + cluster.node(i).port())
        .toList();
  }
}
