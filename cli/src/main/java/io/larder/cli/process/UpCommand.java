package io.larder.cli.process;

import io.larder.cli.doctor.Doctor;
import io.larder.cli.doctor.LocalRequirements;
import io.larder.cli.doctor.UnfitException;
import io.larder.coordinator.config.ByteSize;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import io.larder.testkit.local.RestartDesk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A cluster on this machine, kept running until Ctrl-C. */
@Command(
    name = "up",
    description = {
      "Run a cluster on this machine until Ctrl-C: ZooKeeper, a coordinator, and the nodes, each in"
          + " a process of its own.",
      "Any Redis client can talk to any node: redis-cli -p PORT set k v.",
      "A node that was killed is brought back by `larder up restart`, from another terminal."
    },
    subcommands = RestartCommand.class)
public final class UpCommand implements Callable<Integer> {
  private static final Duration WATCH_PAUSE = Duration.ofSeconds(1);

  @Mixin private LocalOptions local = new LocalOptions();

  /** The folder's option, which may stand before the subcommand. */
  @Nullable Path dir() {
    return local.dir();
  }

  @Override
  public Integer call() throws Exception {
    LocalRequirements required = local.required();
    UnfitException.throwIfMissing(Doctor.localCluster(required));
    if (local.isSmaller(required)) {
      System.err.printf(
          "each device gets %s, as the disk has no room for more; say --device-size for another%n",
          ByteSize.show(required.deviceBytes()));
    }
    // Closed by its shutdown hook when Ctrl-C comes.
    LocalCluster cluster = LocalCluster.start(local.options(required), System.err::println);
    RestartDesk.open(cluster);
    System.out.print(addresses(cluster));
    System.out.flush();
    System.err.println("running; Ctrl-C stops everything");
    Map<String, Long> said = new HashMap<>();
    while (true) {
      Thread.sleep(WATCH_PAUSE);
      for (String name : cluster.ended()) {
        long pid = cluster.pid(name);
        if (!Long.valueOf(pid).equals(said.put(name, pid))) {
          cluster.keepLogs();
          System.err.printf(
              "larder: %s has ended, %s%n  the cluster goes on without it; bring it back from another terminal with: ./larder up restart %s --dir %s%n",
              name, cluster.ending(name), name, cluster.root());
        }
      }
    }
  }

  private String addresses(LocalCluster cluster) {
    StringBuilder lines = new StringBuilder();
    for (LocalNode node : cluster.nodes()) {
      lines.append(
          "%s  redis-cli -p %d   http://%s:%d/metrics   pid %d%n"
              .formatted(
                  node.nodeId(), node.port(), node.host(), node.httpPort(), cluster.pid(node)));
    }
    String temporary = local.dir() == null ? " (temporary: add --dir to keep it)" : "";
    String options = cluster.commandOptions();
    return lines
        + "coordinator  http://%s/metrics%n".formatted(cluster.coordinatorHttpAddress())
        + "ZooKeeper  %s, cluster %s%n".formatted(cluster.zooKeeperAddress(), LocalCluster.CLUSTER)
        + "folder  %s%s%n".formatted(cluster.root(), temporary)
        + "look at it  ./larder status%s%n".formatted(options.isEmpty() ? "" : " " + options);
  }
}
