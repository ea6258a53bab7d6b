package io.larder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.cli.console.ExitCode;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The benchmark of put-leases, shortened: what it counts is right on any machine. */
@Tag("integration")
class BenchLeasesIT {
  @Test
  void putsAndGetsWriteNothingToZooKeeperAndAHerdLeavesOneCopyOfEachKey() throws IOException {
    CommandRun run =
        CommandRun.larder("bench", "leases", "--json", "--keys", "3000", "--rounds", "1");
    assertThat(run.code())
        .as("speeds may miss their goals here: %s", run.err())
        .isIn(ExitCode.OK, ExitCode.FAILED);
    assertThat(run.out()).as(run.err()).contains("figures");
    Map<String, Double> figures = run.figures();
    assertThat(figures)
        .as(run.err())
        .containsEntry("zooKeeperWritesPerPut", 0.0)
        .containsEntry("zooKeeperWritesPerGet", 0.0)
        .containsEntry("herdCopiesMax", 1.0)
        .containsEntry("herdPutsStored", 1_000.0);
    assertThat(figures.get("herdDeviceBytesPerUniqueByte")).isBetween(1.0, 1.05);
    assertThat(figures.get("directoryBytesPerKey")).isBetween(24.0, 48.0);
    for (String speed :
        new String[] {
          "leaseGrantsPerSecond", "putsPerSecond", "getsPerSecond", "znodePerKeyPutsPerSecond"
        }) {
      assertThat(figures.get(speed)).as(speed).isPositive();
    }
    assertThat(figures)
        .containsKeys(
            "slotsClaimedAtColdStart",
            "putExtraForLeaseP50",
            "waiterWokenP99",
            "slotsServeAgainAfterSessionTimeout");
  }
}
