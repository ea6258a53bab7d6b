package io.larder.bench;

import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Patience;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A call in flight, which records an answer past the deadline, or a missing one. For one thread.
 */
final class TimedCall<T> {
  /** The Java client's default deadline: later answers are late. This run's clients wait longer. */
  private static final Duration LATE = Duration.ofSeconds(5);

  private final String name;
  private final Observations observations;
  private final long startNanos = System.nanoTime();
  private final long stalledBefore;
  private final long deadlineNanos;
  private final CompletableFuture<T> answer;

  /**
   * @param name the name of the call with its key
   * @param deadline the deadline by which the client must answer in every case
   */
  TimedCall(
      String name, CompletableFuture<T> answer, Duration deadline, Observations observations) {
    this.name = name;
    this.observations = observations;
    this.stalledBefore = observations.stalls().totalNanos();
    this.deadlineNanos = deadline.toNanos();
    this.answer = answer.whenComplete((_, _) -> answered());
  }

  private void answered() {
    if (ownNanos() > LATE.toNanos()) {
      observations.evidence().late(System.nanoTime() - startNanos);
    }
  }

  /** The duration without the stalls of this process. */
  private long ownNanos() {
    return System.nanoTime() - startNanos - (observations.stalls().totalNanos() - stalledBefore);
  }

  String name() {
    return name;
  }

  /**
   * Waits for the answer.
   *
   * @throws HangException if none has come by the deadline and {@link Patience#HANG}
   */
  T await() throws InterruptedException, ExecutionException {
    while (true) {
      try {
        return answer.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        if (ownNanos() > deadlineNanos + Patience.HANG.toNanos()) {
          String how =
              "no answer after %d s; the client's own deadline is %d s"
                  .formatted(
                      TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos),
                      TimeUnit.NANOSECONDS.toSeconds(deadlineNanos));
          observations.evidence().broken(BrokenPromise.HANG, name, how);
          throw new HangException(name + ": " + how);
        }
      }
    }
  }
}
