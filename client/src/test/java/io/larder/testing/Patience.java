package io.larder.testing;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * How long a test waits for what must happen: longer than the busiest machine takes, so that the
 * wait ends only for what never happens. {@code Awaitility.await()} waits as long, see {@link
 * PatientTests}.
 */
public final class Patience {
  private static final Duration LONG = Duration.ofMinutes(5);

  private static volatile Duration limit = LONG;

  private Patience() {}

  /** For calls that want to be told. */
  public static Duration limit() {
    return limit;
  }

  /** For sockets and clients that want milliseconds. */
  public static int limitMs() {
    return Math.toIntExact(limit.toMillis());
  }

  /** For tests of which it is known that they hang; {@link #restore} ends it. */
  public static void shorten(Duration shorter) {
    limit = shorter;
    Awaitility.setDefaultTimeout(shorter);
  }

  /** Ends {@link #shorten}. */
  public static void restore() {
    shorten(LONG);
  }

  /** The future's value, or what it failed with. */
  public static <T extends @Nullable Object> T get(Future<T> future)
      throws ExecutionException, InterruptedException {
    try {
      return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("not done within " + limit, e);
    }
  }

  /** Waits until the latch is open. */
  public static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new AssertionError("still " + latch.getCount() + " to come after " + limit);
    }
  }

  /** Waits until the process has ended, and answers its exit code. */
  public static int await(Process process) throws InterruptedException {
    if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new AssertionError(process.info() + " has not ended within " + limit);
    }
    return process.exitValue();
  }

  /** Waits until the thread has ended. */
  public static void await(Thread thread) throws InterruptedException {
    thread.join(limit.toMillis());
    if (thread.isAlive()) {
      throw new AssertionError(thread + " has not ended within " + limit);
    }
  }
}
