package io.larder.cli.bench;

import io.larder.bench.crash.CrashBench;
import io.larder.cli.console.ConsoleProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Kills the device store over and over. */
@Command(
    name = "crash",
    description = {
      "Kill -9 a store that puts, deletes and reads at full speed on a small device, again and again,"
          + " for each level of durability, and account for every acknowledged put; then measure a"
          + " restart.",
      "As root it works on a loop device, else on a file. Ends with exit code 1 if a goal was missed."
    })
@SuppressWarnings("NullAway.Init") // picocli sets them
final class BenchCrashCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description = "How often each level is killed. Default: ${DEFAULT-VALUE}.")
  private int kills = 50;

  @Option(
      names = "--records",
      paramLabel = "N",
      description =
          "Records in the restart that is measured; 0 leaves it out. Default: ${DEFAULT-VALUE}.")
  private int records = 1_000_000;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of the load and of the moments of the kills. Default: drawn and printed.")
  private @Nullable Long seed;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Where the devices' files lie for the time being; on a disk, since tmpfs takes no direct"
              + " I/O. Default: the folder for temporary files.")
  private Path dir = Path.of(System.getProperty("java.io.tmpdir"));

  @Mixin private ReportOptions output;

  @Override
  public Integer call() throws IOException {
    if (kills < 1 || records < 0) {
      throw new ParameterException(
          spec.commandLine(),
          "--kills %d --records %d: at least 1 and 0".formatted(kills, records));
    }
    if (!Files.isDirectory(dir)) {
      throw new ParameterException(
          spec.commandLine(), "--dir " + dir + ": there is no such folder");
    }
    long drawn = seed == null ? ThreadLocalRandom.current().nextLong() : seed;
    return output.report(
        new CrashBench(kills, records, drawn).run(dir, ConsoleProgress.onStandardError()));
  }
}
