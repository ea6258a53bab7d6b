package io.larder.bench.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StallWatchTest {
  @Test
  void aProcessThatIsStoppedSeesItsOwnStall() throws IOException, InterruptedException {
    try (StallWatch watch = StallWatch.start()) {
      long before = watch.totalNanos();
      long pid = ProcessHandle.current().pid();
      long start = System.nanoTime();
      int code =
          new ProcessBuilder(
                  "sh", "-c", "kill -STOP %d; sleep 1; kill -CONT %d".formatted(pid, pid))
              .start()
              .waitFor();
      long took = System.nanoTime() - start;
      assertThat(code).isZero();
      assertThat(watch.totalNanos() - before)
          .as("of %d ns", took)
          .isBetween(TimeUnit.MILLISECONDS.toNanos(500), took);
    }
  }
}
