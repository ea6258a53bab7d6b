package io.larder.node.router.cluster;

import io.larder.node.directory.Deadlines;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A router's source of time, so that a whole cluster can run in one thread, on a clock of its own.
 *
 * @param control one thread, for timers and for changes that ZooKeeper reports; the router shuts it
 *     down
 * @param nanoClock monotonic, for deadlines
 * @param deadlines every duration
 */
public record Timing(
    ScheduledExecutorService control, LongSupplier nanoClock, Deadlines deadlines) {
  /** A thread of this process and its clock. */
  public static Timing ofProcess() {
    return new Timing(
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("larder-control").daemon().factory()),
        System::nanoTime,
        Deadlines.DEFAULTS);
  }

  /** The current time of {@link #nanoClock}. */
  public long nowNanos() {
    return nanoClock.getAsLong();
  }

  /** The time of {@link #nanoClock} in {@code ms} milliseconds. */
  public long deadline(long ms) {
    return nowNanos() + ms * 1_000_000;
  }

  /** The milliseconds from now to a deadline; negative if it has passed. */
  public long leftMs(long deadlineNanos) {
    return (deadlineNanos - nowNanos()) / 1_000_000;
  }

  /** Runs a task on the control thread after a while. */
  public void after(long ms, Runnable task) {
    var _ = control.schedule(task, ms, TimeUnit.MILLISECONDS);
  }

  /** Runs a task on the control thread again and again, the first time after one period. */
  public void every(long periodMs, Runnable task) {
    var _ = control.scheduleWithFixedDelay(task, periodMs, periodMs, TimeUnit.MILLISECONDS);
  }
}
