package io.larder.cli.bench;

import io.larder.bench.faults.Fault;
import io.larder.bench.faults.FaultRun;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.process.ServiceProcess;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.Namespaces;
import io.larder.testkit.local.ProcessLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Breaks a cluster of real processes in every way while clients use it. */
@Command(
    name = "faults",
    description = {
      "Start a cluster of real processes, with an ensemble of three ZooKeeper servers, break it in"
          + " one way after the other while clients use it, and read what every client was told"
          + " against the promises.",
      "As root it cuts links, too, between network namespaces of its own; else it says what it"
          + " leaves out.",
      "Ends with exit code 1 if a promise was broken, 3 if blocks could not be judged since a node"
          + " ended by itself."
    })
@SuppressWarnings("NullAway.Init") // picocli sets them
final class BenchFaultsCommand implements Callable<Integer> {
  private static final int ZOOKEEPERS = 3;
  private static final int COORDINATORS = 2;
  private static final long MEMORY_BYTES = 256L << 20;

  @Spec private CommandSpec spec;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Go on for so long. Default: until each fault has come once, about 3 minutes.")
  private int seconds;

  @Option(
      names = "--faults",
      paramLabel = "FAULT",
      split = ",",
      converter = FaultName.class,
      completionCandidates = FaultNames.class,
      description = "Only these: ${COMPLETION-CANDIDATES}. Default: all.")
  private List<Fault> faults = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of the choice of victims and keys; time is not repeated. Default: any.")
  private @Nullable Long seed;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Keep devices and logs here. Default: a temporary folder.")
  private @Nullable Path dir;

  @Mixin private ReportOptions output;

  @Override
  public Integer call() throws Exception {
    if (seconds < 0) {
      throw new ParameterException(spec.commandLine(), "--seconds " + seconds + ": 0 or more");
    }
    List<Fault> wanted = faults.isEmpty() ? List.of(Fault.values()) : faults;
    ConsoleProgress progress = ConsoleProgress.onStandardError();
    long chosen = seed == null ? ThreadLocalRandom.current().nextLong() : seed;
    progress.say("seed " + chosen);
    try (Namespaces network = network(wanted, progress)) {
      if (network == null) {
        wanted = wanted.stream().filter(fault -> !fault.needsNetwork()).toList();
      }
      LocalClusterOptions options =
          LocalClusterOptions.of(ServiceProcess.class)
              .dir(dir)
              .memoryBytes(MEMORY_BYTES)
              .zooKeepers(ZOOKEEPERS)
              .coordinators(COORDINATORS)
              .locations(network == null ? ProcessLocation.LOOPBACK : network.locations())
              .build();
      List<Fault> possible = wanted;
      Namespaces cut = network;
      JudgedRun judged =
          JudgedRun.start(
              options,
              progress,
              cluster ->
                  new FaultRun(cluster, cut, chosen, progress)
                      .run(possible, Duration.ofSeconds(seconds)));
      return output.report(judged, ReportPrinter.figures(judged.report().figures()));
    }
  }

  private static @Nullable Namespaces network(List<Fault> wanted, ConsoleProgress progress) {
    List<String> cuts = wanted.stream().filter(Fault::needsNetwork).map(Fault::toString).toList();
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= LocalClusterOptions.DEFAULT_NODES; i++) {
      names.add("node-" + i);
    }
    for (int i = 1; i <= ZOOKEEPERS; i++) {
      names.add("zookeeper-" + i);
    }
    for (int i = 1; i <= COORDINATORS; i++) {
      names.add("coordinator-" + i);
    }
    if (cuts.isEmpty()) {
      return null;
    }
    try {
      return Namespaces.create(names);
    } catch (IOException e) {
      progress.say(
          "LEFT OUT, since links cannot be cut here (%s): %s. It takes root and iproute2"
              .formatted(e.getMessage(), String.join(", ", cuts)));
      return null;
    }
  }

  /** By the name that {@link Fault#toString} gives. */
  static final class FaultName implements ITypeConverter<Fault> {
    @Override
    public Fault convert(String value) {
      return Arrays.stream(Fault.values())
          .filter(fault -> fault.toString().equals(value))
          .findFirst()
          .orElseThrow(() ->
              new TypeConversionException(
                  "'" + value + "' is none of " + Arrays.toString(Fault.values())));
    }
  }

  /** For the help and for completion. */
  static final class FaultNames extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    FaultNames() {
      for (Fault fault : Fault.values()) {
        add(fault.toString());
      }
    }
  }
}
