package io.larder.cli.bench;

import io.larder.bench.DemoOptions;
import io.larder.bench.verdict.Patience;
import io.larder.cli.console.Bytes;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of every command that replays a trace. */
@SuppressWarnings("NullAway.Init") // picocli sets the spec
final class ReplayOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Replay the trace's first N requests. Default: all.")
  private int requests = Integer.MAX_VALUE;

  @Option(
      names = "--block-bytes",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description = "Size of a block. Default: 64KiB.")
  private long blockBytes = DemoOptions.DEFAULT_BLOCK_BYTES;

  @Option(
      names = "--servers",
      paramLabel = "S",
      description = "Inference servers at the same time. Default: ${DEFAULT-VALUE}.")
  private int servers = DemoOptions.DEFAULT_SERVERS;

  /** The most requests to replay. */
  int requests() {
    if (requests < 1) {
      throw usage("--requests " + requests + ": at least 1");
    }
    return requests;
  }

  DemoOptions demoOptions() {
    try {
      return new DemoOptions(
          Math.toIntExact(Math.min(blockBytes, Integer.MAX_VALUE)),
          servers,
          DemoOptions.HERD_BLOCKS,
          Patience.SETTLED);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  /** A key prefix for one run, so that blocks of earlier runs do not count as hits. */
  static String freshPrefix(String name) {
    return name + "-" + Long.toHexString(System.currentTimeMillis()) + ":";
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
