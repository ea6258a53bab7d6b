package io.larder.bench.device;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a number of operations in flight: when one ends the next begins, on the thread that ended
 * it.
 */
final class ClosedLoop {
  private static final long PATIENCE_SECONDS = 60;

  /** Begins one operation of a lane, 0 to depth − 1. */
  interface Operation {
    CompletableFuture<?> begin(int lane);
  }

  private final Operation operation;
  private final long endNanos;
  private final long maxOperations;
  private final AtomicLong begun = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final CountDownLatch lanes;

  private ClosedLoop(Operation operation, int depth, Duration time, long maxOperations) {
    this.operation = operation;
    this.endNanos = System.nanoTime() + time.toNanos();
    this.maxOperations = maxOperations;
    this.lanes = new CountDownLatch(depth);
  }

  /**
   * Runs until the time or the number of operations is over.
   *
   * @throws IOException if an operation failed, or nothing ended for a minute
   */
  static Measurement run(
      int depth, Duration time, long maxOperations, long bytesEach, Operation operation)
      throws IOException, InterruptedException {
    Measurement.Start start = Measurement.Start.now();
    ClosedLoop loop = new ClosedLoop(operation, depth, time, maxOperations);
    for (int lane = 0; lane < depth; lane++) {
      loop.next(lane);
    }
    if (!loop.lanes.await(time.toSeconds() + PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IOException("an operation did not end within a minute");
    }
    Measurement measurement = start.end(loop.done.get(), bytesEach);
    Throwable failed = loop.failure.get();
    if (failed != null) {
      throw new IOException("an operation failed: " + failed.getMessage(), failed);
    }
    return measurement;
  }

  /** Loops while operations end at once, so that the stack does not grow. */
  private void next(int lane) {
    CompletableFuture<?> one;
    do {
      if (System.nanoTime() - endNanos >= 0
          || begun.getAndIncrement() >= maxOperations
          || failure.get() != null) {
        lanes.countDown();
        return;
      }
      one = operation.begin(lane);
    } while (endedAtOnce(one));
    var _ =
        one.whenComplete((result, failed) -> {
          ended(failed);
          next(lane);
        });
  }

  private boolean endedAtOnce(CompletableFuture<?> one) {
    if (one.isDone()) {
      ended(one.isCompletedExceptionally() ? one.exceptionNow() : null);
      return true;
    }
    return false;
  }

  private void ended(@Nullable Throwable failed) {
    if (failed == null) {
      done.incrementAndGet();
    } else {
      failure.compareAndSet(null, failed);
    }
  }
}
