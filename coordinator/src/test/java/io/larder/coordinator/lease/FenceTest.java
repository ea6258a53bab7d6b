package io.larder.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FenceTest {
  private static final long WINDOW_MS = 2_400;

  private static long ms(long ms) {
    return TimeUnit.MILLISECONDS.toNanos(ms);
  }

  @Test
  void oneHeartbeatProvesNothingYet() {
    Fence fence = new Fence(WINDOW_MS);
    fence.acknowledged(ms(1_000));
    assertThat(fence.isOpen(ms(1_000))).isFalse();
    assertThat(fence.remainingMs(ms(1_000))).isZero();
  }

  @Test
  void itClosesOneWindowAfterTheLastButOneHeartbeatWasSent() {
    Fence fence = new Fence(WINDOW_MS);
    fence.acknowledged(ms(1_000));
    fence.acknowledged(ms(1_500));
    assertThat(fence.isOpen(ms(1_000 + WINDOW_MS) - 1)).isTrue();
    assertThat(fence.isOpen(ms(1_000 + WINDOW_MS))).isFalse();
    assertThat(fence.remainingMs(ms(1_400))).isEqualTo(WINDOW_MS - 400);
    fence.acknowledged(ms(2_000));
    assertThat(fence.isOpen(ms(1_500 + WINDOW_MS) - 1)).isTrue();
    assertThat(fence.isOpen(ms(1_500 + WINDOW_MS))).isFalse();
  }

  @Test
  void acknowledgementsOutOfOrderNeverMoveItPastTheLastButOne() {
    Fence fence = new Fence(WINDOW_MS);
    fence.acknowledged(ms(2_000));
    fence.acknowledged(ms(1_000));
    assertThat(fence.remainingMs(ms(1_000))).isEqualTo(WINDOW_MS);
    fence.acknowledged(ms(1_500));
    assertThat(fence.remainingMs(ms(1_500))).isEqualTo(WINDOW_MS);
    fence.acknowledged(ms(1_200));
    assertThat(fence.remainingMs(ms(1_500))).isEqualTo(WINDOW_MS);
  }

  @Test
  void theSameSessionOpensItAgainWhenItsHeartbeatsAreAnsweredAgain() {
    Fence fence = new Fence(WINDOW_MS);
    fence.acknowledged(ms(1_000));
    fence.acknowledged(ms(1_500));
    assertThat(fence.isOpen(ms(9_000))).isFalse();
    fence.acknowledged(ms(9_000));
    assertThat(fence.isOpen(ms(9_001))).as("the last but one is still old").isFalse();
    fence.acknowledged(ms(9_500));
    assertThat(fence.isOpen(ms(9_501))).isTrue();
  }

  @Test
  void onceTheSessionEndedNoLateAnswerOpensIt() {
    Fence fence = new Fence(WINDOW_MS);
    fence.acknowledged(ms(1_000));
    fence.end();
    fence.acknowledged(ms(1_500));
    fence.acknowledged(ms(2_000));
    assertThat(fence.isOpen(ms(1_600))).isFalse();
  }

  @Test
  void aSessionShorterThanTheMarginsNeverOpensIt() {
    Fence fence = new Fence(-100);
    fence.acknowledged(ms(1_000));
    fence.acknowledged(ms(1_001));
    assertThat(fence.isOpen(ms(1_001))).isFalse();
  }

  @Test
  void theBootClockRunsForwardInNanoseconds() {
    NanoClock clock = BootClock.open();
    assertThat(clock).isInstanceOf(BootClock.class);
    long outerNs = System.nanoTime();
    long before = clock.nowNs();
    long spinUntil = System.nanoTime() + ms(20);
    while (System.nanoTime() < spinUntil) {
      Thread.onSpinWait();
    }
    long spunNs = clock.nowNs() - before;
    assertThat(spunNs).isBetween(ms(20), 2 * (System.nanoTime() - outerNs));
  }
}
