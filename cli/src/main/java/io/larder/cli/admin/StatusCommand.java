package io.larder.cli.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.TextTable;
import io.larder.coordinator.admin.ClusterStatus;
import io.larder.coordinator.admin.StatusReader;
import io.larder.coordinator.config.ByteSize;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code larder status}: the cluster as ZooKeeper knows it. Data on standard output, messages on
 * standard error. Exit 0 healthy, 1 failure, 2 usage, 3 not healthy, 4 timeout.
 */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Show the cluster: coordinator, nodes, slots, and what is wrong.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:healthy", "1:failure", "2:usage", "3:not healthy", "4:timeout"})
public final class StatusCommand implements Callable<Integer> {
  private static final long POLL_MS = 250;

  @Mixin private ClusterOptions cluster = new ClusterOptions();

  @Option(names = "--wait", description = "Wait until the cluster is healthy, so long at most.")
  private boolean wait;

  @Override
  public Integer call() throws InterruptedException {
    long deadlineNs = System.nanoTime() + cluster.timeout().toNanos();
    try (StatusReader reader = new StatusReader(cluster.zooKeeper())) {
      while (true) {
        Optional<ClusterStatus> read = attempt(reader, deadlineNs);
        long leftNs = deadlineNs - System.nanoTime();
        boolean healthy = read.isPresent() && read.get().healthy();
        if (wait && !healthy && leftNs > 0) {
          TimeUnit.MILLISECONDS.sleep(Math.min(POLL_MS, TimeUnit.NANOSECONDS.toMillis(leftNs) + 1));
          continue;
        }
        if (read.isEmpty()) {
          cluster.say(cluster.noAnswer());
          return ExitCode.TIMEOUT;
        }
        print(read.get());
        return healthy ? ExitCode.OK : wait ? ExitCode.TIMEOUT : ExitCode.UNHEALTHY;
      }
    } catch (IOException e) {
      cluster.say(String.valueOf(e.getMessage()));
      return ExitCode.FAILED;
    }
  }

  private Optional<ClusterStatus> attempt(StatusReader reader, long deadlineNs)
      throws InterruptedException, IOException {
    long leftNs = Math.max(0, deadlineNs - System.nanoTime());
    try {
      return reader.read(Duration.ofNanos(leftNs));
    } catch (IOException e) {
      if (wait && deadlineNs - System.nanoTime() > 0) {
        return Optional.empty(); // the cluster may not have been laid out yet
      }
      throw e;
    }
  }

  private void print(ClusterStatus status) throws JsonProcessingException {
    if (cluster.asJson()) {
      ObjectNode tree = JsonMapper.builder().build().valueToTree(status);
      tree.put("healthy", status.healthy());
      status.problems().forEach(tree.putArray("problems")::add);
      cluster.json(tree);
    } else {
      table(status, cluster.out());
    }
    cluster.out().flush();
    status.problems().forEach(cluster::say);
  }

  private static void table(ClusterStatus status, PrintWriter out) {
    out.printf("cluster      %s%n", status.cluster());
    out.printf("coordinator  %s%n", status.leader().isEmpty() ? "none" : status.leader());
    out.printf(
        "slots        %d, %d without an owner, %d unclaimed, table version %d%n",
        Slots.COUNT, status.slotsUnowned(), status.slotsUnclaimed(), status.slotsVersion());
    out.printf("health       %s%n%n", status.healthy() ? "healthy" : "not healthy");
    TextTable table =
        new TextTable("NODE", "STATE", "ADDRESS", "SLOTS", "CLAIMED", "CAPACITY", "VERSION");
    for (ClusterStatus.Node node : status.nodes()) {
      table.row(
          node.nodeId(),
          node.live() ? "live" : "gone",
          node.address(),
          node.slots(),
          node.claimed(),
          ByteSize.show(node.capacityBytes()),
          node.version());
    }
    table.print(out);
  }
}
