package io.larder.node.router.cluster;

import io.larder.node.directory.Deadlines;
import io.larder.node.peer.PeerException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

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

  /** The same future, but it fails if it is not done in time. */
  public <T> CompletableFuture<T> within(CompletableFuture<T> chain, long ms) {
    CompletableFuture<T> bounded = chain.copy();
    ScheduledFuture<?> late =
        control.schedule(
            () -> bounded.completeExceptionally(new PeerException("not done in " + ms + " ms")),
            ms,
            TimeUnit.MILLISECONDS);
    Futures.finish(bounded, (_, _) -> late.cancel(false));
    return bounded;
  }

  /** The outcome of an attempt that is made after a while. */
  public <T> CompletableFuture<T> retry(long ms, Supplier<CompletableFuture<T>> attempt) {
    CompletableFuture<T> later = new CompletableFuture<>();
    after(
        ms,
        () ->
            Futures.finish(
                attempt.get(),
                (value, failure) -> {
                  if (failure == null) {
                    later.complete(value);
                  } else {
                    later.completeExceptionally(failure);
                  }
                }));
    return later;
  }
}
