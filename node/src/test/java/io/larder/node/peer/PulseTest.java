package io.larder.node.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PulseTest {
  private static final long SILENCE_MS = 750;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // it may overflow
  private final Pulse pulse = new Pulse(SILENCE_MS, nanos::get);

  private void pass(long ms) {
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(ms));
  }

  @Test
  void aPeerOfWhichNothingIsAwaitedIsAliveHoweverLongItIsSilent() {
    pass(1_000_000);
    assertThat(pulse.isAlive()).as("never asked").isTrue();
    pulse.awaited();
    pulse.answered();
    pass(1_000_000);
    assertThat(pulse.isAlive()).as("it has answered").isTrue();
  }

  @Test
  void aPeerThatIsSilentThoughASignOfLifeIsAwaitedIsGone() {
    pulse.awaited();
    pass(SILENCE_MS);
    assertThat(pulse.isAlive()).as("it has this long").isTrue();
    pass(1);
    assertThat(pulse.isAlive()).isFalse();
  }

  @Test
  void anythingThatComesIsASignOfLife() {
    pulse.awaited();
    pass(SILENCE_MS);
    pulse.heard();
    pass(SILENCE_MS);
    assertThat(pulse.isAlive()).as("counted from what came last").isTrue();
    pass(1);
    assertThat(pulse.isAlive()).as("the sign itself is awaited still").isFalse();
  }

  @Test
  void aPeerThatWasGoneIsBackWhenSomethingComes() {
    pulse.awaited();
    pass(SILENCE_MS + 1);
    assertThat(pulse.isAlive()).isFalse();
    pulse.awaited();
    assertThat(pulse.isAlive()).as("to be asked again is no sign of life").isFalse();
    pulse.heard();
    assertThat(pulse.isAlive()).isTrue();
    pulse.answered();
    pass(1_000_000);
    assertThat(pulse.isAlive()).isTrue();
  }

  @Test
  void aBrokenConnectionIsTheEndAtOnceUntilAnotherIsAnswered() {
    pulse.awaited();
    pulse.broken();
    assertThat(pulse.isAlive()).isFalse();
    pass(1_000_000);
    assertThat(pulse.isAlive()).isFalse();
    pulse.awaited();
    pulse.answered();
    assertThat(pulse.isAlive()).isTrue();
  }
}
