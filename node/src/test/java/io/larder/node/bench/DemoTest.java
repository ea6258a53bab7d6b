package io.larder.node.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.larder.node.bench.MemoryCluster.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DemoTest {
  private static final int BLOCK_BYTES = 64;

  private static DemoReport run(Fault fault, int requests)
      throws IOException, InterruptedException {
    return Demo.run(
        Trace.conversationSlice().first(requests),
        new DemoOptions(BLOCK_BYTES, 3, 64, Duration.ofMillis(300)),
        new MemoryCluster(fault),
        "t:",
        null,
        Progress.SILENT);
  }

  @Test
  void aSoundClusterKeepsEveryPromiseNearTheIdealHitRatio()
      throws IOException, InterruptedException {
    DemoReport report = run(Fault.NONE, 2000);
    assertThat(report.brokenPromises()).isEmpty();
    assertThat(report.lookups()).isEqualTo(54_559);
    assertThat(report.idealHitRatio()).isCloseTo(15_771.0 / 54_559, within(1e-12));
    assertThat(report.hitRatio())
        .isLessThanOrEqualTo(report.idealHitRatio())
        .isGreaterThan(report.idealHitRatio() * 0.95);
    assertThat(report.putsStored()).isEqualTo(38_788);
    assertThat(report.hits() + report.putsStored() + report.duplicatesSuppressed())
        .isEqualTo(report.lookups() + 2 * 64);
    assertThat(report.herdComputations()).isEqualTo(64);
    assertThat(report.acknowledgedBlocks()).isEqualTo(38_788 + 64);
    assertThat(report.bytesVerified()).isGreaterThanOrEqualTo((38_788L + 64) * BLOCK_BYTES);
  }

  @ParameterizedTest
  @CsvSource({
    "FLIP_A_BIT, bytes that nobody put",
    "SWAP_ANOTHER_WRITERS_BYTES, bytes that nobody put",
    "STORE_TWICE, held by 2 nodes",
    "GRANT_TWICE, computed 192 times instead of once",
    "GRANT_TWICE, acknowledged to two writers",
    "EVICT, 1 blocks were evicted",
    "FAIL_A_CALL, 1 calls failed",
  })
  void aBrokenPromiseIsNoticed(Fault fault, String said) throws IOException, InterruptedException {
    assertThat(run(fault, 20).brokenPromises()).anyMatch(broken -> broken.contains(said));
  }

  @Test
  void aLostAcknowledgedBlockIsNoticed() throws IOException, InterruptedException {
    assertThat(run(Fault.LOSE_AN_ACKNOWLEDGED_BLOCK, 4).brokenPromises())
        .anyMatch(broken -> broken.contains("1 of") && broken.contains("are lost"));
  }
}
