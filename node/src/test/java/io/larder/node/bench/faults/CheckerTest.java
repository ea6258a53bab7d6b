package io.larder.node.bench.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.bench.faults.Broken.Promise;
import io.larder.node.bench.faults.Checker.Found;
import io.larder.node.bench.faults.History.Call;
import io.larder.node.bench.faults.History.Kind;
import io.larder.node.bench.faults.History.Outcome;
import io.larder.node.bench.faults.History.Span;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each promise broken on purpose is noticed, and what only looks like it is not. */
class CheckerTest {
  private static final String KEY = "k";
  private static final Map<String, Found> NO_AUDIT = Map.of();

  private final History history = new History();

  private void call(int node, Kind kind, long put, Outcome outcome, long fromMs, long toMs) {
    history.add(
        new Call("client", node, kind, KEY, put, outcome, ms(fromMs), ms(toMs), ms(1_000), "said"));
  }

  private static long ms(long ms) {
    return ms * 1_000_000;
  }

  private List<Promise> broken(Map<String, Found> audit) {
    return Checker.check(history, audit, ms(1_000_000)).stream().map(Broken::promise).toList();
  }

  @Test
  void aGoodHistoryIsGood() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(1, Kind.PUT, 2, Outcome.REFUSED, 0, 12);
    call(2, Kind.GET, 1, Outcome.FOUND, 5, 20);
    call(2, Kind.GET, 0, Outcome.MISSED, 0, 20);
    call(0, Kind.PUT, 3, Outcome.UNKNOWN, 20, 30);
    assertThat(broken(Map.of(KEY, new Found(1, List.of(1L, 1L, 1L))))).isEmpty();
  }

  @Test
  void bytesThatNobodyPutAreWrong() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(2, Kind.GET, -1, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.BYTES);
  }

  @Test
  void anotherKeysBytesAreWrong() {
    history.add(
        new Call("c", 0, Kind.PUT, "other", 7, Outcome.STORED, ms(0), ms(1), ms(1_000), ""));
    call(2, Kind.GET, 7, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.BYTES);
  }

  @Test
  void aRefusedPutsBytesAreWrong() {
    call(0, Kind.PUT, 1, Outcome.REFUSED, 0, 10);
    call(2, Kind.GET, 1, Outcome.FOUND, 11, 20);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.BYTES);
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
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.ONE_HOLDER);
    history.away(new Span(2, ms(12), ms(18))); // another node's absence excuses nothing
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.ONE_HOLDER);
    history.away(new Span(0, ms(12), ms(18)));
    assertThat(broken(NO_AUDIT)).isEmpty();
  }

  @Test
  void aPutWithoutAnswerThatComesTrueBesideAnotherIsASecondHolder() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(1, Kind.PUT, 2, Outcome.UNKNOWN, 20, 30);
    call(2, Kind.GET, 2, Outcome.FOUND, 40, 41);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.ONE_HOLDER);
  }

  @Test
  void aDeletedKeyMayBePutAgain() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(2, Kind.DELETE, 0, Outcome.DELETED, 11, 12);
    call(1, Kind.PUT, 2, Outcome.STORED, 20, 30);
    assertThat(broken(NO_AUDIT)).isEmpty();
  }

  @Test
  void aDeletedValueThatIsReadIsNoticedUnlessANodeCouldNotBeTold() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    call(2, Kind.DELETE, 0, Outcome.DELETED, 11, 12);
    call(1, Kind.GET, 1, Outcome.FOUND, 20, 30);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.DELETED);
    history.unwell(new Span(1, ms(13), ms(25)));
    assertThat(broken(NO_AUDIT)).as("all heard of the delete").containsExactly(Promise.DELETED);
    history.unwell(new Span(1, ms(9), ms(25)));
    assertThat(broken(NO_AUDIT)).isEmpty();
    call(1, Kind.GET, 1, Outcome.FOUND, 70_000, 70_001);
    assertThat(broken(NO_AUDIT)).as("for a minute").containsExactly(Promise.DELETED);
  }

  @Test
  void anAcknowledgedPutThatNobodyHasIsLost() {
    call(0, Kind.PUT, 1, Outcome.STORED, 0, 10);
    assertThat(broken(Map.of(KEY, new Found(0, List.of(0L, 0L))))).containsExactly(Promise.KEPT);
    assertThat(broken(Map.of(KEY, new Found(1, List.of(1L, 0L)))))
        .as("and one that a node does not find")
        .containsExactly(Promise.KEPT);
    assertThat(broken(Map.of(KEY, new Found(2, List.of(1L, 1L)))))
        .as("and one that two hold")
        .containsExactly(Promise.ONE_HOLDER);
  }

  @Test
  void aCallPastItsDeadlineIsNoticedUnlessItsNodeWasBroken() {
    call(0, Kind.GET, 0, Outcome.UNKNOWN, 0, 2_500);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.DEADLINE);
    history.stalled(new Span(History.SOME_NODE, ms(100), ms(1_000)));
    assertThat(broken(NO_AUDIT)).as("the clients themselves stood still").isEmpty();
    call(1, Kind.GET, 0, Outcome.UNKNOWN, 0, 9_000);
    assertThat(broken(NO_AUDIT)).containsExactly(Promise.DEADLINE);
    history.unwell(new Span(1, ms(50), ms(60)));
    assertThat(broken(NO_AUDIT)).isEmpty();
  }
}
