package io.larder.coordinator.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.larder.coordinator.config.ByteSize;
import io.larder.coordinator.controller.ClusterStatus;
import io.larder.coordinator.controller.StatusReader;
import io.larder.coordinator.registry.ZooKeeperOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code larder status}: the cluster as ZooKeeper knows it. Data on standard output, messages on
 * standard error. Exit 0 healthy, 1 failure, 2 usage, 3 not healthy, 4 timeout.
 */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Show the cluster: coordinator, nodes, slots, and what is wrong.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:healthy", "1:failure", "2:usage", "3:not healthy", "4:timeout"})
public final class StatusCommand implements Callable<Integer> {
  /** Exit codes beyond picocli's 0, 1 and 2. */
  static final int UNHEALTHY = 3;

  static final int TIMEOUT = 4;
  private static final long POLL_MS = 250;

  /** Forms of output. */
  enum Output {
    table,
    json
  }

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT[,…]",
      defaultValue = "127.0.0.1:2181",
      description = "ZooKeeper servers (default: ${DEFAULT-VALUE}).")
  private String zookeeper = "";

  @Option(
      names = "--cluster",
      paramLabel = "NAME",
      defaultValue = ZooKeeperOptions.DEFAULT_CLUSTER,
      description = "Cluster name (default: ${DEFAULT-VALUE}).")
  private String cluster = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "table|json",
      defaultValue = "table",
      description = "Form of the output (default: ${DEFAULT-VALUE}).")
  private Output output = Output.table;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "How long to wait for ZooKeeper, and with --wait for health.")
  private int timeoutSeconds;

  @Option(names = "--wait", description = "Wait until the cluster is healthy.")
  private boolean wait;

  @Override
  public Integer call() throws InterruptedException, IOException {
    CommandSpec command = spec;
    if (command == null) {
      throw new IllegalStateException("run through picocli");
    }
    PrintWriter out = command.commandLine().getOut();
    PrintWriter err = command.commandLine().getErr();
    ZooKeeperOptions options;
    try {
      options = ZooKeeperOptions.of(zookeeper, cluster);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
    try (StatusReader reader = new StatusReader(options)) {
      while (true) {
        Optional<ClusterStatus> read = attempt(reader, deadlineNs, err);
        long leftNs = deadlineNs - System.nanoTime();
        boolean healthy = read.isPresent() && read.get().healthy();
        if (wait && !healthy && leftNs > 0) {
          TimeUnit.MILLISECONDS.sleep(Math.min(POLL_MS, TimeUnit.NANOSECONDS.toMillis(leftNs) + 1));
          continue;
        }
        if (read.isEmpty()) {
          err.printf(
              "no answer from ZooKeeper at %s within %d s: start it or correct --zookeeper%n",
              zookeeper, timeoutSeconds);
          return TIMEOUT;
        }
        print(read.get(), out, err);
        return healthy ? 0 : wait ? TIMEOUT : UNHEALTHY;
      }
    }
  }

  private Optional<ClusterStatus> attempt(StatusReader reader, long deadlineNs, PrintWriter err)
      throws InterruptedException, IOException {
    long leftNs = Math.max(0, deadlineNs - System.nanoTime());
    try {
      return reader.read(Duration.ofNanos(leftNs));
    } catch (IOException e) {
      if (wait && deadlineNs - System.nanoTime() > 0) {
        return Optional.empty(); // the cluster may not have been laid out yet
      }
      err.println(e.getMessage());
      throw e;
    }
  }

  private void print(ClusterStatus status, PrintWriter out, PrintWriter err)
      throws JsonProcessingException {
    if (output == Output.json) {
      JsonMapper json = JsonMapper.builder().build();
      ObjectNode tree = json.valueToTree(status);
      tree.put("healthy", status.healthy());
      status.problems().forEach(tree.putArray("problems")::add);
      out.println(json.writerWithDefaultPrettyPrinter().writeValueAsString(tree));
    } else {
      table(status, out);
    }
    out.flush();
    status.problems().forEach(err::println);
    err.flush();
  }

  private static void table(ClusterStatus status, PrintWriter out) {
    out.printf("cluster      %s%n", status.cluster());
    out.printf("coordinator  %s%n", status.leader().isEmpty() ? "none" : status.leader());
    out.printf(
        "slots        16384, %d without an owner, %d unclaimed, table version %d%n",
        status.slotsUnowned(), status.slotsUnclaimed(), status.slotsVersion());
    out.printf("health       %s%n%n", status.healthy() ? "healthy" : "not healthy");
    String row = "%-20s %-5s %-22s %6s %7s %10s  %s%n";
    out.printf(row, "NODE", "STATE", "ADDRESS", "SLOTS", "CLAIMED", "CAPACITY", "VERSION");
    for (ClusterStatus.Node node : status.nodes()) {
      out.printf(
          row,
          node.nodeId(),
          node.live() ? "live" : "gone",
          node.address(),
          node.slots(),
          node.claimed(),
          ByteSize.show(node.capacityBytes()),
          node.version());
    }
  }
}
