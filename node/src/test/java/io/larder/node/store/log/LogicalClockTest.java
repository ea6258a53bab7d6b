package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogicalClockTest {
  private static final long HOUR_MS = 3_600_000;
  private static final long START_MS = 1_000_000_000_000L;

  private final AtomicLong wallMs = new AtomicLong(START_MS);
  private final AtomicLong elapsedMs = new AtomicLong();
  private final LogicalClock clock =
      new LogicalClock(START_MS, wallMs::get, () -> TimeUnit.MILLISECONDS.toNanos(elapsedMs.get()));

  @Test
  @Survives(value = FaultRow.CLOCK, notAs = "goesByTheWallClock")
  void expiryGoesByElapsedTimeWhateverTheWallClockDoes() {
    elapsedMs.set(5000);
    assertThat(clock.nowMs()).isEqualTo(START_MS + 5000);
    wallMs.set(START_MS - 100 * HOUR_MS); // back: ignored
    assertThat(clock.advance()).isEqualTo(START_MS + 5000);
    wallMs.set(START_MS + 100 * HOUR_MS); // ahead: an hour a checkpoint
    assertThat(clock.nowMs()).isEqualTo(START_MS + 5000);
    assertThat(clock.advance()).isEqualTo(START_MS + 5000 + HOUR_MS);
    assertThat(clock.advance()).isEqualTo(START_MS + 5000 + 2 * HOUR_MS);
    wallMs.set(START_MS); // and it does not go back
    assertThat(clock.advance()).isEqualTo(START_MS + 5000 + 2 * HOUR_MS);
  }
}
