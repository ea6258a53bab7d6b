package io.larder.cli.bench;

import io.larder.bench.Progress;
import io.larder.bench.RunReport;
import io.larder.bench.verdict.Verdict;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The report of a run, and the folder of its devices and logs.
 *
 * @param kept the folder, a temporary one too, if not every promise is known to be kept
 */
record JudgedRun(RunReport report, Optional<Path> kept) {
  /** The work on a cluster that was started for it. */
  interface Work {
    RunReport on(LocalCluster cluster) throws IOException, InterruptedException;
  }

  /** Starts a cluster, works, and stops it. */
  static JudgedRun start(LocalClusterOptions options, Progress progress, Work work)
      throws IOException, InterruptedException {
    try (LocalCluster cluster = LocalCluster.start(options, progress::say)) {
      boolean well = false;
      try {
        RunReport report = work.on(cluster);
        well = report.verdict().outcome() == Verdict.Outcome.KEPT;
        return new JudgedRun(report, well ? Optional.empty() : Optional.of(cluster.root()));
      } finally {
        if (!well) {
          cluster.keep();
          progress.say("devices and logs are kept in " + cluster.root());
        }
      }
    }
  }
}
