package io.larder.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.larder.bench.MemoryCluster.Fault;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Verdict;
import io.larder.bench.verdict.Verdict.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 600, unit = TimeUnit.SECONDS)
class DemoTest {
  private static final int BLOCK_BYTES = 64;

  /** Longer than it takes to be sure that a block is nowhere. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static RunReport run(Fault fault, int requests) throws IOException, InterruptedException {
    return Demo.run(
        Trace.conversationSlice().first(requests),
        new DemoOptions(BLOCK_BYTES, 3, 64, PATIENCE),
        new MemoryCluster(fault),
        "t:",
        null,
        Progress.SILENT);
  }

  @Test
  void aSoundClusterKeepsEveryPromiseNearTheIdealHitRatio()
      throws IOException, InterruptedException {
    RunReport report = run(Fault.NONE, 2000);
    assertThat(report.verdict().outcome()).isEqualTo(Outcome.KEPT);
    assertThat(report.count("lookups")).isEqualTo(54_559);
    assertThat(report.value("idealHitRatio")).isCloseTo(15_771.0 / 54_559, within(1e-12));
    assertThat(report.value("hitRatio"))
        .isLessThanOrEqualTo(report.value("idealHitRatio"))
        .isGreaterThan(report.value("idealHitRatio") * 0.95);
    assertThat(report.count("putsStored")).isEqualTo(38_788);
    assertThat(
            report.count("hits")
                + report.count("putsStored")
                + report.count("duplicatesSuppressed"))
        .isEqualTo(report.count("lookups") + 2 * 64);
    assertThat(report.count("herdComputations")).isEqualTo(64);
    assertThat(report.count("storedBlocks")).isEqualTo(38_788 + 64);
    assertThat(report.count("bytesVerified")).isGreaterThanOrEqualTo((38_788L + 64) * BLOCK_BYTES);
  }

  @ParameterizedTest
  @CsvSource({
    "FLIP_A_BIT, WRONG_BYTES, no one writer's",
    "SWAP_ANOTHER_WRITERS_BYTES, WRONG_BYTES, who put none",
    "STORE_TWICE, TWO_COPIES, more than one node holds it",
    "GRANT_TWICE, TWO_COPIES, again by writer",
    "LOSE_A_STORED_BLOCK, LOST, none has it and none reports",
    "NEVER_SETTLE, NEVER_SETTLED, some slots have no owner",
  })
  void aBrokenPromiseIsNoticed(Fault fault, BrokenPromise promise, String said)
      throws IOException, InterruptedException {
    Verdict verdict = run(fault, 4).verdict();
    assertThat(verdict.outcome()).isEqualTo(Outcome.BROKEN);
    assertThat(verdict.outcome().exitCode()).isEqualTo(1);
    assertThat(verdict.counts()).containsKey(promise);
    assertThat(verdict.findings()).anyMatch(finding -> finding.how().contains(said));
    if (promise != BrokenPromise.NEVER_SETTLED) {
      assertThat(verdict.findings().getFirst().key()).startsWith("t:");
    }
  }

  @Test
  void aBlockThatANodeReportsAsEvictedIsGoneAndNotLost() throws IOException, InterruptedException {
    Verdict verdict = run(Fault.EVICT, 4).verdict();
    assertThat(verdict.outcome()).isEqualTo(Outcome.KEPT);
    assertThat(verdict.reportedGone()).isEqualTo(1);
  }

  @Test
  void aBlockThatMayBeOnAMissingNodeIsUnknown() throws IOException, InterruptedException {
    Verdict verdict = run(Fault.LOSE_A_BLOCK_WHILE_A_NODE_IS_GONE, 4).verdict();
    assertThat(verdict.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(verdict.outcome().exitCode()).isEqualTo(3);
    assertThat(verdict.unknown()).isEqualTo(1);
    assertThat(verdict.unknownKeys()).singleElement().asString().startsWith("t:");
    assertThat(verdict.missingMembers()).containsExactly("node-2");
  }

  @Test
  void aMissThatIsFoundLaterIsAFigure() throws IOException, InterruptedException {
    RunReport report = run(Fault.ANSWER_A_MISS_AT_FIRST, 1);
    assertThat(report.verdict().outcome()).isEqualTo(Outcome.KEPT);
    assertThat(report.count("lateBlocks")).isEqualTo(3);
  }

  @Test
  void aRefusedCallIsAFigure() throws IOException, InterruptedException {
    RunReport report = run(Fault.FAIL_A_CALL, 20);
    assertThat(report.verdict().outcome()).isEqualTo(Outcome.KEPT);
    assertThat(report.count("putsRefused")).isEqualTo(1);
    assertThat(report.count("failedCalls")).isZero();
  }

  @Test
  void aSecondPutOfAKeyWhoseHoldersSessionEndedIsNoSecondCopy()
      throws IOException, InterruptedException {
    RunReport report = run(Fault.END_A_SESSION, 20);
    assertThat(report.verdict().outcome()).isEqualTo(Outcome.KEPT);
    assertThat(report.count("storedAgain")).isPositive();
  }

  @Test
  void aRunWithDroppedPutsIsVoid() throws IOException, InterruptedException {
    Verdict verdict = run(Fault.DROP_A_PUT, 4).verdict();
    assertThat(verdict.outcome()).isEqualTo(Outcome.VOID);
    assertThat(verdict.outcome().exitCode()).isEqualTo(1);
    assertThat(verdict.lines())
        .singleElement()
        .asString()
        .startsWith("void: 5 puts were dropped (no-space 5)");
  }
}
