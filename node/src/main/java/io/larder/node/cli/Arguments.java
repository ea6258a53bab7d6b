package io.larder.node.cli;

import io.larder.node.bench.DemoOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks that several commands share. */
final class Arguments {
  private Arguments() {}

  /** Keys of a run's own: what an earlier run has stored must not count as its hits. */
  static String freshPrefix(String name) {
    return name + "-" + Long.toHexString(System.currentTimeMillis()) + ":";
  }

  static DemoOptions demoOptions(CommandSpec spec, long blockBytes, int servers) {
    try {
      return new DemoOptions(
          Math.toIntExact(Math.min(blockBytes, Integer.MAX_VALUE)),
          servers,
          DemoOptions.HERD_BLOCKS,
          DemoOptions.DEFAULT_PATIENCE);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }
}
