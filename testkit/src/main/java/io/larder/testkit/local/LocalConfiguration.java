package io.larder.testkit.local;

import io.larder.testkit.embedded.EmbeddedZooKeeper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The configuration of a local cluster's processes: arguments, and for a node a file. */
final class LocalConfiguration {
  /** Short, so that a killed node's slots are free again soon; long enough for a busy laptop. */
  static final int SESSION_TIMEOUT_MS = 4_000;

  private LocalConfiguration() {}

  static List<String> node(LocalNode node, String zooKeeper, long memoryBytes) throws IOException {
    Files.writeString(
        node.configuration(),
        """
        # Written by larder; overwritten at every start.
        device: "%s"
        cluster: %s
        listen:
          host: %s
          port: %d
        http:
          host: %s
          port: %d
        zookeeper:
          connect: %s
          sessionTimeoutMs: %d
          tickMs: %d
        memory:
          poolBytes: %d
        """
            .formatted(
                node.device(),
                LocalCluster.CLUSTER,
                node.host(),
                node.port(),
                node.host(),
                node.httpPort(),
                zooKeeper,
                SESSION_TIMEOUT_MS,
                EmbeddedZooKeeper.TICK_MS,
                memoryBytes));
    return List.of("node", "--config", node.configuration().toString());
  }

  /** One server of an ensemble, as {@code ZooKeeperCommand} takes it. */
  static List<String> zooKeeper(Path dir, List<EmbeddedZooKeeper.Member> members, int index) {
    List<String> arguments =
        new ArrayList<>(List.of("zookeeper", "--dir", dir.toString(), "--index", "" + index));
    for (EmbeddedZooKeeper.Member member : members) {
      arguments.add("--member");
      arguments.add(
          "%s:%d:%d:%d"
              .formatted(
                  member.host(), member.clientPort(), member.quorumPort(), member.electionPort()));
    }
    return arguments;
  }

  static List<String> coordinator(String zooKeeper, String listen, boolean spreadToNewNodes) {
    return List.of(
        "coordinator",
        "--cluster",
        LocalCluster.CLUSTER,
        "--zookeeper",
        zooKeeper,
        "--listen",
        listen,
        "--set",
        "zookeeper.sessionTimeoutMs=" + SESSION_TIMEOUT_MS,
        "--set",
        "zookeeper.tickMs=" + EmbeddedZooKeeper.TICK_MS,
        "--set",
        "assignment.spreadToNewNodes=" + spreadToNewNodes);
  }
}
