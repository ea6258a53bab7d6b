package io.larder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.cli.console.ExitCode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The fault suite, shortened, in real processes; with links cut where that can be done. */
@Tag("integration")
class BenchFaultsIT {
  private static final List<String> BY_SIGNALS = List.of("node-frozen");
  private static final List<String> BY_CUTS = List.of("node-unheard", "node-isolated");

  @Test
  @Timeout(value = 45, unit = TimeUnit.MINUTES)
  void everyPromiseIsKeptWhileTheClusterIsBroken() throws IOException {
    CommandRun run =
        CommandRun.larder(
            "bench",
            "faults",
            "--json",
            "--faults",
            String.join(",", BY_SIGNALS) + "," + String.join(",", BY_CUTS));
    String said = run.err();
    assertThat(run.code()).as(said).isZero();
    Map<String, Double> figures = run.figures();
    boolean cut = !said.contains("LEFT OUT");
    int struck = BY_SIGNALS.size() + (cut ? BY_CUTS.size() : 0);
    assertThat(figures).as(said).containsEntry("faults", (double) struck);
    assertThat(figures.get("putsStored")).isPositive();
    assertThat(figures.get("readsVerified")).isPositive();
    assertThat(figures)
        .containsEntry("blocksLost", 0.0)
        .containsEntry("wrongBytes", 0.0)
        .containsEntry("twoCopies", 0.0)
        .containsEntry("hangs", 0.0)
        .containsEntry("neverSettled", 0.0)
        .containsEntry("unknownBlocks", 0.0);
  }

  @Test
  void aFaultThatThereIsNotIsRefusedWithThoseThereAre() {
    CommandRun run = CommandRun.larder("bench", "faults", "--faults", "lightning");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("lightning").contains("node-unheard");
  }
}
