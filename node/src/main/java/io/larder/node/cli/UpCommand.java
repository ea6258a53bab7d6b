package io.larder.node.cli;

import io.larder.node.local.LocalCluster;
import io.larder.node.local.LocalClusterOptions;
import io.larder.node.local.LocalNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A cluster on this machine, kept running until Ctrl-C. */
@Command(
    name = "up",
    description = {
      "Run a cluster on this machine until Ctrl-C: ZooKeeper, a coordinator, and the nodes, each in"
          + " a process of its own.",
      "Any Redis client can talk to any node: redis-cli -p PORT set k v."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the spec
final class UpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  private static final Duration WATCH_PAUSE = Duration.ofSeconds(1);

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "How many nodes. Default: as many as DIR has, 3 in a new one.")
  private int nodes;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Keep everything here; a second start finds it again. Default: a temporary folder.")
  private @Nullable Path dir;

  @Option(
      names = "--memory",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description = "Payload memory of each node. Default: 512MiB.")
  private long memoryBytes = LocalClusterOptions.DEFAULT_MEMORY_BYTES;

  @Option(
      names = "--device-size",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description = "Size of a new node's device file, which is sparse. Default: 8GiB.")
  private long deviceBytes = LocalClusterOptions.DEFAULT_DEVICE_BYTES;

  @Override
  public Integer call() throws Exception {
    if (nodes < 0 || nodes > LocalClusterOptions.MAX_NODES) {
      throw new ParameterException(
          spec.commandLine(),
          "--nodes %d: 1 to %d".formatted(nodes, LocalClusterOptions.MAX_NODES));
    }
    LocalClusterOptions options =
        new LocalClusterOptions(nodes, dir, List.of(), false, deviceBytes, memoryBytes, true);
    // Closed by its shutdown hook when Ctrl-C comes.
    LocalCluster cluster = LocalCluster.start(options, System.err::println);
    StringBuilder addresses = new StringBuilder();
    for (LocalNode node : cluster.nodes()) {
      addresses.append(
          "%s  redis-cli -p %d   http://%s:%d/metrics   pid %d%n"
              .formatted(
                  node.nodeId(), node.port(), node.host(), node.httpPort(), cluster.pid(node)));
    }
    System.out.print(
        addresses
            + "coordinator  http://%s/metrics%n".formatted(cluster.coordinatorHttpAddress())
            + "ZooKeeper  %s, cluster %s%n"
                .formatted(cluster.zooKeeperAddress(), LocalCluster.CLUSTER)
            + "folder  %s%s%n"
                .formatted(
                    cluster.root(), dir == null ? " (temporary: add --dir to keep it)" : ""));
    System.out.flush();
    System.err.println("running; Ctrl-C stops everything");
    Set<String> said = new HashSet<>();
    while (true) {
      Thread.sleep(WATCH_PAUSE);
      for (String name : cluster.ended()) {
        if (said.add(name)) {
          System.err.println(
              "larder: "
                  + name
                  + " has ended; the cluster goes on without it. Its log is in "
                  + cluster.root());
        }
      }
    }
  }
}
