package io.larder.bench.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.crash.Note.Kind;
import org.junit.jupiter.api.Test;

class CrashLedgerTest {
  private static final int KEY = 3;
  private static final int VERSION = 17;
  private static final long STAMP = 4711;

  private final CrashLedger ledger = new CrashLedger(8, 1 << 20);

  private void note(Kind kind, int version, long stamp) {
    ledger.apply(new Note(kind, KEY, version, stamp));
  }

  private void put() {
    note(Kind.PUTTING, VERSION, 0);
    note(Kind.PUT, VERSION, STAMP);
  }

  @Test
  void anAcknowledgedPutThatIsGoneIsLost() {
    put();
    ledger.restarted();
    note(Kind.RECOVERED, KeyHistory.ABSENT, 0);
    assertThat(ledger.lost()).isEqualTo(1);
  }

  @Test
  void anAcknowledgedPutThatWasSaidToBeDroppedIsNot() {
    put();
    note(Kind.EVICTED, 0, STAMP);
    ledger.restarted();
    note(Kind.RECOVERED, KeyHistory.ABSENT, 0);
    assertThat(ledger.lost()).isZero();
  }

  @Test
  void theDroppingOfAnotherRecordIsNoExcuse() {
    put();
    note(Kind.EVICTED, 0, STAMP + 1);
    ledger.restarted();
    note(Kind.RECOVERED, KeyHistory.ABSENT, 0);
    assertThat(ledger.lost()).isEqualTo(1);
  }

  @Test
  void aRecordDroppedJustAfterItWasFoundIsNotLostThoughItsNoteCameFirst() {
    put();
    ledger.restarted();
    note(Kind.EVICTED, 0, STAMP);
    note(Kind.RECOVERED, VERSION, STAMP);
    ledger.restarted();
    note(Kind.RECOVERED, KeyHistory.ABSENT, 0);
    assertThat(ledger.lost()).isZero();
  }
}
