package io.larder.testkit.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StandstillTest {
  private final AtomicLong nowNs = new AtomicLong();
  private final Standstill standstill = new Standstill(Duration.ofMinutes(5), nowNs::get);

  private void pass(Duration time) {
    nowNs.addAndGet(time.toNanos());
  }

  @Test
  void whatGetsOnIsNeverTooSlowHoweverLongItTakes() {
    for (int slots = 16_384; slots > 0; slots -= 512) {
      assertThat(standstill.changed(slots + " slots are still to be claimed")).isTrue();
      pass(Duration.ofMinutes(4));
      assertThat(standstill.tooLong()).isFalse();
    }
  }

  @Test
  void whatDoesNotChangeForAsLongAsPatienceLastsStandsStill() {
    assertThat(standstill.changed("no answer")).isTrue();
    pass(Duration.ofMinutes(4));
    assertThat(standstill.changed("no answer")).isFalse();
    assertThat(standstill.tooLong()).isFalse();
    pass(Duration.ofMinutes(2));
    assertThat(standstill.tooLong()).isTrue();
  }
}
