package io.larder.cli.admin;

import io.larder.coordinator.controller.NodeReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The warnings about a node's counts that are no fault of the cluster, one for each remedy. */
final class ReportWarnings {
  private static final String LOOK_AT_OTHERS =
      "look at the nodes and at ZooKeeper: a slot's owner did not answer";

  private ReportWarnings() {}

  static List<String> of(String nodeId, NodeReport report) {
    List<String> warnings = new ArrayList<>(dropped(nodeId, report.droppedPuts()));
    if (report.droppedNotes() > 0) {
      warnings.add(
          "node %s has forgotten deletes of keys that a node which is away may hold (%,d): those values may return with it, delete them again then"
              .formatted(nodeId, report.droppedNotes()));
    }
    if (report.withdrawnPuts() > 0) {
      warnings.add(
          "node %s has given up puts that their slots' owners have not heard of (%,d keys): it asks on; if the number stays, look at the nodes and at ZooKeeper"
              .formatted(nodeId, report.withdrawnPuts()));
    }
    return warnings;
  }

  private static List<String> dropped(String nodeId, Map<String, Long> byReason) {
    Map<String, Map<String, Long>> byRemedy = new TreeMap<>();
    byReason.forEach((reason, count) -> {
      if (count > 0) {
        byRemedy.computeIfAbsent(remedy(reason), _ -> new TreeMap<>()).put(reason, count);
      }
    });
    List<String> warnings = new ArrayList<>();
    byRemedy.forEach((remedy, counts) ->
        warnings.add(
            "node %s has dropped puts of plain sessions since its start (%s): %s"
                .formatted(
                    nodeId,
                    counts.entrySet().stream()
                        .map(each -> "%s %,d".formatted(each.getKey(), each.getValue()))
                        .collect(Collectors.joining(", ")),
                    remedy)));
    return warnings;
  }

  /** The remedy for puts dropped for a reason. */
  private static String remedy(String reason) {
    return switch (reason) {
      case "owner_away", "unsettled", "deadline" -> LOOK_AT_OTHERS;
      case "too_large" ->
          "format the devices with a larger --max-value; empty keys count here, too";
      case "no_memory" -> "raise memory.poolBytes";
      case "not_written" -> "look at the device: it is full, read-only or stalled";
      case "held" -> "nothing, another server was still writing the same block";
      default -> "look at the node's log";
    };
  }
}
