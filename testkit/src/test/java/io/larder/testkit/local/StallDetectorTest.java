package io.larder.testkit.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StallDetectorTest {
  private final AtomicLong nowNs = new AtomicLong();
  private final StallDetector stalls = new StallDetector(Duration.ofMinutes(5), nowNs::get);

  private void pass(Duration time) {
    nowNs.addAndGet(time.toNanos());
  }

  @Test
  void whatGetsOnIsNeverTooSlowHoweverLongItTakes() {
    for (int slots = 16_384; slots > 0; slots -= 512) {
      assertThat(stalls.changed(slots + " slots are still to be claimed")).isTrue();
      pass(Duration.ofMinutes(4));
      assertThat(stalls.tooLong()).isFalse();
    }
  }

  @Test
  void whatDoesNotChangeForAsLongAsPatienceLastsStandsStill() {
    assertThat(stalls.changed("no answer")).isTrue();
    pass(Duration.ofMinutes(4));
    assertThat(stalls.changed("no answer")).isFalse();
    assertThat(stalls.tooLong()).isFalse();
    pass(Duration.ofMinutes(2));
    assertThat(stalls.tooLong()).isTrue();
  }
}
