package io.larder.node.router;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;

/**
 * What a router takes its time from: so that a whole cluster can run in one thread, on a clock of
 * its own.
 *
 * @param control one thread, for timers and for what ZooKeeper says; the router shuts it down
 * @param nanoClock monotonic, for deadlines
 */
public record Timing(ScheduledExecutorService control, LongSupplier nanoClock) {
  /** A thread of this process and its clock. */
  public static Timing ofProcess() {
    return new Timing(
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("larder-control").daemon().factory()),
        System::nanoTime);
  }

  /** The moment it is on {@link #nanoClock}. */
  long nowNanos() {
    return nanoClock.getAsLong();
  }

  /** The moment {@code ms} milliseconds from now on {@link #nanoClock}. */
  long deadline(long ms) {
    return nowNanos() + ms * 1_000_000;
  }
}
