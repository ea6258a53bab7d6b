package io.larder.bench.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.verdict.Verdict.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvidenceTest {
  private static final Set<String> NOBODY = Set.of();

  private final Evidence evidence = new Evidence();

  @Test
  void slownessIsAFigureAndNoBrokenPromise() {
    evidence.late(7_000_000_000L);
    evidence.late(31_000_000_000L);
    Verdict verdict = evidence.verdict();
    assertThat(verdict.outcome()).isEqualTo(Outcome.KEPT);
    assertThat(verdict.lines())
        .containsExactly(
            "late: 2 calls were answered after their deadline, or given up; the longest took 31,000 ms",
            "every promise was kept");
  }

  @Test
  void asManyBlocksAreGoneAsNodesReportAndTheOthersAreLost() {
    evidence.gone(List.of("a"), 2, NOBODY);
    assertThat(evidence.verdict().outcome()).isEqualTo(Outcome.KEPT);
    evidence.gone(List.of("b", "c", "d"), 2, NOBODY);
    Verdict verdict = evidence.verdict();
    assertThat(verdict.reportedGone()).as("no report explains two blocks").isEqualTo(2);
    assertThat(verdict.count(BrokenPromise.LOST)).isEqualTo(2);
    assertThat(verdict.findings().getFirst().how()).contains("b c d");
  }

  @Test
  void whatAMissingMemberMayHaveIsUnknownAndSaidWithTheKeys() {
    evidence.gone(List.of("a", "b"), 0, Set.of("node-2"));
    Verdict verdict = evidence.verdict();
    assertThat(verdict.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(verdict.lines())
        .containsExactly(
            "unknown: 2 stored blocks cannot be judged, since node-2 cannot be asked: a b");
  }

  @Test
  void aBrokenPromiseOutweighsWhatIsVoidOrUnknown() {
    evidence.unknown(List.of("a"), Set.of("node-2"));
    evidence.dropped(Map.of("too-large", 3L));
    assertThat(evidence.verdict().outcome()).isEqualTo(Outcome.VOID);
    evidence.broken(BrokenPromise.WRONG_BYTES, "k", "how");
    assertThat(evidence.verdict().outcome()).isEqualTo(Outcome.BROKEN);
  }

  @Test
  void allFindingsAreCountedAndTheFirstOfEachKindKept() {
    IntStream.range(0, 1_000)
        .forEach(i -> evidence.broken(BrokenPromise.WRONG_BYTES, "w" + i, "how"));
    evidence.broken(BrokenPromise.TWO_COPIES, "t", "how");
    Verdict verdict = evidence.verdict();
    assertThat(verdict.count(BrokenPromise.WRONG_BYTES)).isEqualTo(1_000);
    assertThat(verdict.findings()).hasSize(11);
    assertThat(verdict.lines()).contains("  w0: how", "  and 990 more", "  t: how");
  }
}
