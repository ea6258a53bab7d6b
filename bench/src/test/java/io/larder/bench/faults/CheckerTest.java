package io.larder.bench.faults;

import static io.larder.bench.verdict.BrokenPromise.HANG;
import static io.larder.bench.verdict.BrokenPromise.LOST;
import static io.larder.bench.verdict.BrokenPromise.NEVER_SETTLED;
import static io.larder.bench.verdict.BrokenPromise.TWO_COPIES;
import static io.larder.bench.verdict.BrokenPromise.WRONG_BYTES;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.faults.Checker.Found;
import io.larder.bench.faults.History.Call;
import io.larder.bench.faults.History.Kind;
import io.larder.bench.faults.History.Outcome;
import io.larder.bench.faults.History.Span;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Finding;
import io.larder.bench.verdict.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each promise broken on purpose is noticed, and what only looks like it is not. */
class CheckerTest {
  private static final String KEY = "k";
  private static final Map<String, Found> NO_AUDIT = Map.of();

  private static final Set<String> ALL_ANSWER = Set.of();

  private final History history = new History();
  private final Evidence evidence = new Evidence();
  private long stalledMs;
  private long reported;
  private long deletedReadWithinAMinute;

  private void call(int node, Kind kind, long put, Outcome outcome, long fromMs, long toMs) {
    history.add(
        new Call(
            "client",
            node,
            kind,
            KEY,
            put,
            outcome,
            ms(fromMs),
            ms(toMs),
            ms(1_000),
            ms(stalledMs),
            "said"));
  }

  private static long ms(long ms) {
    return ms * 1_000_000;
  }

  private List<BrokenPromise> broken(Map<String, Found> audit) {
    Evidence seen = new Evidence();
    deletedReadWithinAMinute = Checker.check(history, audit, ms(1_000_000), reported, seen);
    return seen.verdict().findings().stream().map(Finding::promise).toList();
  }

  private Verdict verdict(Map<String, Found> audit) {
    Checker.check(history, audit, ms(1_000_000), reported, evidence);
    return evidence.verdict();
  }

  @Test
  void aGoodHistoryIsGood() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(1, Kind.PUT, 2, Outcome.REFUSED, 0, 12);
    call(2, Kind.GET, 1, Outcome.FOUND, 5, 20);
    call(2, Kind.GET, 0, Outcome.MISSED, 0, 20);
    call(0, Kind.PUT, 3, Outcome.UNKNOWN, 20, 30);
    assertThat(broken(Map.of(KEY, new Found(1, List.of(1L, 1L, 1L), ALL_ANSWER)))).isEmpty();
  }

  @Test
  void bytesThatNobodyPutAreWrong() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(2, Kind.GET, -1, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).containsExactly(WRONG_BYTES);
  }

  @Test
  void anotherKeysBytesAreWrong() {
    history.add(
        new Call("c", 0, Kind.PUT, "other", 7, Outcome.STORED, ms(0), ms(1), ms(1_000), 0, ""));
    call(2, Kind.GET, 7, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).containsExactly(WRONG_BYTES);
  }

  @Test
  void aRefusedPutsBytesAreWrong() {
    call(0, Kind.PUT, 1, Outcome.REFUSED, 0, 10);
    call(2, Kind.GET, 1, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).containsExactly(WRONG_BYTES);
  }

  @Test
  void aClientThatAskedTwiceMayHaveBeenRefusedByItself() {
    call(History.SOME_NODE, Kind.PUT, 1, Outcome.REFUSED, 0, 10);
    call(2, Kind.GET, 1, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).isEmpty();
  }

  @Test
  void twoAcknowledgedPutsOfOneKeyAreTwoHolders() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(1, Kind.PUT, 2, Outcome.STORED, 20, 30);
    assertThat(broken(NO_AUDIT)).containsExactly(TWO_COPIES);
    history.away(new Span(2, ms(12), ms(18))); // another node's absence excuses nothing
    assertThat(broken(NO_AUDIT)).containsExactly(TWO_COPIES);
    history.away(new Span(0, ms(12), ms(18)));
    assertThat(broken(NO_AUDIT)).isEmpty();
  }

  @Test
  void aPutWithoutAnswerThatComesTrueBesideAnotherIsASecondHolder() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(1, Kind.PUT, 2, Outcome.UNKNOWN, 20, 30);
    call(2, Kind.GET, 2, Outcome.FOUND, 40, 41);
    assertThat(broken(NO_AUDIT)).containsExactly(TWO_COPIES);
  }

  @Test
  void aDeletedKeyMayBePutAgain() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(2, Kind.DELETE, 0, Outcome.DELETED, 11, 12);
    call(1, Kind.PUT, 2, Outcome.STORED, 20, 30);
    assertThat(broken(NO_AUDIT)).isEmpty();
  }

  @Test
  void aDeletedValueThatIsReadWithinAMinuteIsAFigureAndLaterIsWrong() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(2, Kind.DELETE, 0, Outcome.DELETED, 11, 12);
    call(1, Kind.GET, 1, Outcome.FOUND, 20, 30);
    assertThat(broken(NO_AUDIT)).isEmpty();
    assertThat(deletedReadWithinAMinute).isEqualTo(1);
    call(1, Kind.GET, 1, Outcome.FOUND, 70_000, 70_001);
    assertThat(broken(NO_AUDIT)).containsExactly(WRONG_BYTES);
    history.away(new Span(1, ms(13), ms(25)));
    assertThat(broken(NO_AUDIT)).as("it may have returned with its node").isEmpty();
  }

  @Test
  void aStoredPutThatNobodyHasIsLost() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    assertThat(broken(Map.of(KEY, new Found(0, List.of(0L, 0L), ALL_ANSWER))))
        .containsExactly(LOST);
    assertThat(broken(Map.of(KEY, new Found(1, List.of(1L, 0L), ALL_ANSWER))))
        .as("and one that a node does not find in ten minutes")
        .containsExactly(NEVER_SETTLED);
    assertThat(broken(Map.of(KEY, new Found(2, List.of(1L, 1L), ALL_ANSWER))))
        .as("and one that two hold")
        .containsExactly(TWO_COPIES);
  }

  @Test
  void aStoredPutThatANodeReportsAsEvictedIsNotLost() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    reported = 1;
    Verdict verdict = verdict(Map.of(KEY, new Found(0, List.of(0L, 0L), ALL_ANSWER)));
    assertThat(verdict.outcome()).isEqualTo(Verdict.Outcome.KEPT);
    assertThat(verdict.reportedGone()).isEqualTo(1);
  }

  @Test
  void aStoredPutThatAMissingNodeMayHoldIsUnknown() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    Verdict verdict = verdict(Map.of(KEY, new Found(0, List.of(0L), Set.of("node-3"))));
    assertThat(verdict.outcome()).isEqualTo(Verdict.Outcome.UNKNOWN);
    assertThat(verdict.unknownKeys()).containsExactly(KEY);
    assertThat(verdict.missingMembers()).containsExactly("node-3");
  }

  @Test
  void aCallPastItsDeadlineIsLate() {
    call(0, Kind.GET, 0, Outcome.UNKNOWN, 0, 2_500);
    Verdict verdict = verdict(NO_AUDIT);
    assertThat(verdict.outcome()).isEqualTo(Verdict.Outcome.KEPT);
    assertThat(verdict.late()).isEqualTo(1);
    assertThat(verdict.lateMaxMs()).isEqualTo(2_500);
  }

  @Test
  void aCallAMinutePastItsDeadlineHangsUnlessThisProcessStoodStillOrItsNodeWasBroken() {
    call(0, Kind.GET, 0, Outcome.UNKNOWN, 0, 61_500);
    assertThat(broken(NO_AUDIT)).containsExactly(HANG);
    history.unwell(new Span(0, ms(50), ms(60)));
    assertThat(broken(NO_AUDIT)).as("it was well for a minute").containsExactly(HANG);
    history.unwell(new Span(0, ms(100), ms(1_000)));
    assertThat(broken(NO_AUDIT)).isEmpty();
    stalledMs = 900;
    call(1, Kind.GET, 0, Outcome.UNKNOWN, 0, 61_500);
    assertThat(broken(NO_AUDIT)).as("the clients themselves stood still").isEmpty();
  }
}
