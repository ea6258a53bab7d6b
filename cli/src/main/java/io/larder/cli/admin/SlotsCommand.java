package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import io.larder.cli.console.TextTable;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.moves.MovePlanner;
import io.larder.coordinator.moves.RefusedException;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.SlotTable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code larder admin slots}. */
@Command(name = "slots", description = "List the owner of each slot.")
final class SlotsCommand extends AdminSubcommand {
  @Option(names = "--node", paramLabel = "NODE", description = "Only this node's.")
  private @Nullable String node;

  @Override
  int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException {
    ClusterImage image = admin.image();
    SlotTable slots = image.slots();
    String only = node;
    if (only != null && !image.nodes().containsKey(only) && !slots.counts().containsKey(only)) {
      throw new RefusedException(MovePlanner.unknown(only, image));
    }
    List<SlotTable.SlotRange> ranges =
        slots.ranges().stream()
            .filter(range -> only == null || range.nodeId().equals(only))
            .toList();
    if (asJson()) {
      json(Map.of("version", slots.version(), "unowned", slots.unowned(), "ranges", ranges));
    } else {
      TextTable table = new TextTable("FROM", "TO", "SLOTS", "NODE");
      ranges.forEach(r -> table.row(r.from(), r.to(), r.size(), r.nodeId()));
      table.print(out());
      say("slot table version " + slots.version() + ", " + slots.unowned() + " without an owner");
    }
    return slots.unowned() == 0 ? ExitCode.OK : ExitCode.UNHEALTHY;
  }
}
