package io.larder.cli.bench;

import io.larder.bench.leases.LeaseBench;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.process.ServiceProcess;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures the cost of put-leases. */
@Command(
    name = "leases",
    description = {
      "Start a cluster of three nodes and measure what one holder per key costs: leases, waking"
          + " who waits, ZooKeeper's writes, taking over a dead node's slots; and a znode per key"
          + " beside it. Takes two to three minutes.",
      "Ends with exit code 1 if a goal was missed."
    })
@SuppressWarnings("NullAway.Init") // picocli sets them
final class BenchLeasesCommand implements Callable<Integer> {
  private static final int MIN_KEYS = 1_000;
  private static final int MAX_KEYS = 4_000_000;
  private static final int MAX_ROUNDS = 100;

  @Spec private CommandSpec spec;

  @Option(
      names = "--keys",
      paramLabel = "N",
      description = "Keys in the cluster when a node is killed. Default: 1000000.")
  private int keys = LeaseBench.DEFAULT_KEYS;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often what is short is measured; medians count. Default: 3.")
  private int rounds = LeaseBench.DEFAULT_ROUNDS;

  @Mixin private ReportOptions output;

  @Override
  public Integer call() throws Exception {
    if (keys < MIN_KEYS || keys > MAX_KEYS) {
      throw new ParameterException(
          spec.commandLine(), "--keys %d: %d to %d".formatted(keys, MIN_KEYS, MAX_KEYS));
    }
    if (rounds < 1 || rounds > MAX_ROUNDS) {
      throw new ParameterException(
          spec.commandLine(), "--rounds %d: 1 to %d".formatted(rounds, MAX_ROUNDS));
    }
    ConsoleProgress progress = ConsoleProgress.onStandardError();
    try (LocalCluster cluster =
        LocalCluster.start(LocalClusterOptions.of(ServiceProcess.class).build(), progress::say)) {
      return output.report(new LeaseBench(cluster, keys, rounds, progress).run());
    }
  }
}
