package io.larder.node.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.OpenPuts.Confirmation;
import io.larder.protocol.PutToken;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OpenPutsTest {
  private static final int SLOT = 5;
  private final AtomicLong nanos = new AtomicLong();
  private final OpenPuts puts = new OpenPuts(nanos::get, Rules.STANDARD);

  @Test
  void afterThePromiseAnswersOfALowerEpochAreVoid() {
    PutToken token = new PutToken(10, 1);
    assertThat(puts.granted(new KeyRef(SLOT, 1), token, 100)).isTrue();
    assertThat(puts.announce(SLOT, 20, () -> "held")).isNotNull();
    AtomicBoolean published = new AtomicBoolean();
    assertThat(puts.settle(SLOT, token, 10, () -> true, () -> published.set(true))).isFalse();
    assertThat(published).isFalse();
    assertThat(puts.settle(SLOT, token, 20, () -> true, () -> published.set(true))).isTrue();
    assertThat(published).isTrue();
  }

  @Test
  void aGrantOfAnEarlierEpochThanThePromiseIsVoid() {
    puts.announce(SLOT, 20, () -> "held");
    assertThat(puts.granted(new KeyRef(SLOT, 1), new PutToken(19, 7), 100)).isFalse();
    assertThat(puts.arrive(SLOT, 19, () -> true, () -> {})).isFalse();
    assertThat(puts.arrive(SLOT, 20, () -> true, () -> {})).isTrue();
  }

  @Test
  void anAnswerToAnEarlierIncarnationIsVoid() {
    PutToken token = new PutToken(10, 1);
    puts.granted(new KeyRef(SLOT, 1), token, 100);
    AtomicBoolean published = new AtomicBoolean();
    assertThat(puts.settle(SLOT, token, 10, () -> false, () -> published.set(true))).isFalse();
    assertThat(published).isFalse();
    assertThat(puts.isOpen(SLOT, token)).as("it is claimed again").isTrue();
    assertThat(puts.arrive(SLOT, 10, () -> false, () -> published.set(true))).isFalse();
    assertThat(published).as("a record that moves").isFalse();
  }

  @Test
  void arrivalsAreAnnouncedUntilTheyAreSettled() {
    puts.arriving(new KeyRef(SLOT, 7));
    puts.arriving(new KeyRef(SLOT, 8));
    puts.arrived(new KeyRef(SLOT, 8));
    var announcement = puts.announce(SLOT, 20, () -> "held");
    assertThat(announcement).isNotNull();
    assertThat(announcement.arriving()).containsExactly(7L);
    assertThat(puts.isArriving(new KeyRef(SLOT, 7))).isTrue();
    assertThat(puts.isArriving(new KeyRef(SLOT, 8))).isFalse();
  }

  @Test
  void anOrderOfALowerEpochThanThePromiseIsVoid() {
    puts.announce(SLOT, 20, () -> "held");
    assertThat(puts.obey(SLOT, new Order(19, 9), () -> {})).isFalse();
    assertThat(puts.obey(SLOT, new Order(20, 1), () -> {})).isTrue();
  }

  @Test
  void anOrderThatALaterQuestionHasOvertakenIsVoid() {
    puts.announce(SLOT, 20, () -> "held");
    assertThat(puts.confirm(SLOT, new Order(20, 5), () -> true)).isEqualTo(Confirmation.HERE);
    AtomicBoolean dropped = new AtomicBoolean();
    assertThat(puts.obey(SLOT, new Order(20, 4), () -> dropped.set(true))).isFalse();
    assertThat(dropped).as("what the owner now relies on").isFalse();
    assertThat(puts.obey(SLOT, new Order(20, 6), () -> dropped.set(true))).isTrue();
    assertThat(dropped).isTrue();
  }

  @Test
  void aQuestionThatIsOvertakenLeavesTheLaterOnesWord() {
    puts.announce(SLOT, 20, () -> "held");
    assertThat(puts.confirm(SLOT, new Order(20, 5), () -> true)).isEqualTo(Confirmation.HERE);
    assertThat(puts.confirm(SLOT, new Order(20, 3), () -> true)).isEqualTo(Confirmation.HERE);
    assertThat(puts.obey(SLOT, new Order(20, 4), () -> {})).isFalse();
    assertThat(puts.confirm(SLOT, new Order(19, 9), () -> true))
        .as("an owner behind")
        .isEqualTo(Confirmation.VOID);
  }

  @Test
  void aProcessThatHasNotAnnouncedASlotObeysNoOrderForIt() {
    AtomicBoolean dropped = new AtomicBoolean();
    assertThat(puts.obey(SLOT, new Order(20, 4), () -> dropped.set(true))).isFalse();
    assertThat(dropped).as("its promise was lost with the process before").isFalse();
  }

  @Test
  void anOwnerBehindThePromiseIsNotAnswered() {
    puts.announce(SLOT, 20, () -> "held");
    assertThat(puts.announce(SLOT, 19, () -> "held")).isNull();
  }

  @Test
  void openPutsAreAnnouncedUntilTheyEndOrTheirDeadlinePasses() {
    puts.granted(new KeyRef(SLOT, 1), new PutToken(10, 1), 100);
    puts.granted(new KeyRef(SLOT, 2), new PutToken(10, 2), 200);
    puts.granted(new KeyRef(SLOT, 3), new PutToken(10, 3), 200);
    puts.ended(SLOT, new PutToken(10, 3));
    nanos.set(150);
    var announcement = puts.announce(SLOT, 20, () -> "held");
    assertThat(announcement).isNotNull();
    assertThat(announcement.open()).extracting(OpenPuts.OpenPut::fingerprint).containsExactly(2L);
  }
}
