package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.admin.ClusterStatus;
import io.larder.coordinator.admin.NodeAnswers;
import io.larder.coordinator.admin.StatusReader;
import io.larder.coordinator.controller.NodeReport;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;

/** {@code larder admin check}. */
@Command(
    name = "check",
    description = {
      "Ask ZooKeeper and every node; say what is wrong and what to do.",
      "Warnings say what nodes dropped, by reason, and what may return.",
      "Exit 0 if nothing is wrong, with or without warnings; 3 if something is."
    })
final class CheckCommand extends AdminSubcommand {
  /**
   * The answer, as printed.
   *
   * @param warnings findings that do not make a cluster unhealthy
   * @param nodes the counts of each answering node since its start
   */
  record Verdict(
      boolean healthy,
      List<String> problems,
      List<String> warnings,
      Map<String, NodeReport> nodes) {}

  @Override
  int run(ClusterAdmin admin) throws IOException, InterruptedException {
    List<String> problems = new ArrayList<>();
    ClusterImage image = admin.image();
    try (StatusReader reader = new StatusReader(cluster().zooKeeper())) {
      reader.read(cluster().timeout()).map(ClusterStatus::problems).ifPresent(problems::addAll);
    }
    NodeAnswers<Usage> answers = admin.usage(image);
    problems.addAll(answers.problems());
    Map<String, Usage> usage = answers.byNode();
    List<Move> moves = admin.moves();
    Set<String> drains = new TreeSet<>();
    for (Move move : moves) {
      if (move.isRunning()) {
        drains.add(move.node());
        if (!move.message().isEmpty()) {
          problems.add("move " + move.id() + " is held up: " + move.message());
        }
      }
    }
    Set<String> versions = new TreeSet<>();
    for (NodeRecord node : image.nodes().values()) {
      String nodeId = node.nodeId();
      versions.add(node.version());
      boolean draining = image.slots().draining().contains(nodeId);
      int slots = image.slots().counts().getOrDefault(nodeId, 0);
      if (!draining && slots == 0 && !image.slots().counts().isEmpty()) {
        problems.add(
            "node %s owns no slots: give it its share with `larder admin rebalance plan` and `apply`"
                .formatted(nodeId));
      }
      Usage has = usage.get(nodeId);
      if (draining && !drains.contains(nodeId) && has != null && has.records() > 0) {
        problems.add(
            "node %s was drained and holds %d records: undrain it and drain it again"
                .formatted(nodeId, has.records()));
      }
    }
    if (versions.size() > 1) {
      problems.add("nodes run different versions " + versions + ": finish the upgrade");
    }
    List<NodeRecord> answering =
        image.nodes().values().stream().filter(node -> usage.containsKey(node.nodeId())).toList();
    NodeAnswers<NodeReport> reports = admin.reports(answering);
    problems.addAll(reports.problems());
    List<String> warnings = new ArrayList<>();
    reports
        .byNode()
        .forEach((nodeId, report) -> warnings.addAll(ReportWarnings.of(nodeId, report)));
    if (asJson()) {
      json(new Verdict(problems.isEmpty(), problems, warnings, reports.byNode()));
    } else {
      if (problems.isEmpty()) {
        out().printf("healthy: %d nodes answer, every slot has its owner%n", image.nodes().size());
      }
      problems.forEach(out()::println);
      warnings.forEach(warning -> out().println("warning: " + warning));
    }
    return problems.isEmpty() ? ExitCode.OK : ExitCode.UNHEALTHY;
  }
}
