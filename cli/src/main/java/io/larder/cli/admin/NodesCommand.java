package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import io.larder.cli.console.TextTable;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.admin.NodeAnswers;
import io.larder.coordinator.config.ByteSize;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;

/** {@code larder admin nodes}. */
@Command(name = "nodes", description = "List the nodes: state, address, slots, what they hold.")
final class NodesCommand extends AdminSubcommand {
  /**
   * One node, as printed.
   *
   * @param state live, draining (which includes drained), gone, or silent: registered, but it does
   *     not answer
   */
  record Line(
      String nodeId,
      String state,
      String address,
      String zone,
      int slots,
      long records,
      long usedBytes,
      long capacityBytes,
      String version) {}

  @Override
  int run(ClusterAdmin admin) throws IOException, InterruptedException {
    ClusterImage image = admin.image();
    NodeAnswers<Usage> usage = admin.usage(image);
    List<Line> lines = new ArrayList<>();
    Set<String> ids = new TreeSet<>(image.nodes().keySet());
    ids.addAll(image.slots().counts().keySet());
    ids.addAll(image.slots().draining());
    for (String nodeId : ids) {
      lines.add(line(nodeId, image, usage.byNode()));
    }
    if (asJson()) {
      json(lines);
    } else {
      TextTable table =
          new TextTable(
              "NODE",
              "STATE",
              "ADDRESS",
              "ZONE",
              "SLOTS",
              "RECORDS",
              "USED",
              "FILL",
              "CAPACITY",
              "VERSION");
      for (Line l : lines) {
        String fill =
            l.capacityBytes() == 0
                ? "-"
                : String.format(Locale.ROOT, "%.0f%%", 100.0 * l.usedBytes() / l.capacityBytes());
        table.row(
            l.nodeId(),
            l.state(),
            l.address(),
            l.zone().isEmpty() ? "-" : l.zone(),
            l.slots(),
            l.records(),
            ByteSize.show(l.usedBytes()),
            fill,
            ByteSize.show(l.capacityBytes()),
            l.version());
      }
      table.print(out());
    }
    usage.problems().forEach(this::say);
    return usage.problems().isEmpty() ? ExitCode.OK : ExitCode.UNHEALTHY;
  }

  private static Line line(String nodeId, ClusterImage image, Map<String, Usage> usage) {
    NodeRecord node = image.nodes().get(nodeId);
    int slots = image.slots().counts().getOrDefault(nodeId, 0);
    if (node == null) {
      return new Line(nodeId, "gone", "-", "", slots, 0, 0, 0, "-");
    }
    Usage has = usage.get(nodeId);
    String state =
        has == null ? "silent" : image.slots().draining().contains(nodeId) ? "draining" : "live";
    return new Line(
        nodeId,
        state,
        node.address(),
        node.zone(),
        slots,
        has == null ? 0 : has.records(),
        has == null ? 0 : has.usedBytes(),
        node.capacityBytes(),
        node.version());
  }
}
