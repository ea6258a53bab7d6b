package io.larder.client;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A bound on the requests or bytes in flight. Acquirers beyond the bound wait, in order, until
 * their deadlines; the queue is bounded too. Thread-safe.
 */
final class InFlightLimit {
  private static final int MAX_WAITING = 100_000;

  /** A share of the limit. Releasing it more than once has no further effect. */
  final class Permit {
    private final long amount;
    private final AtomicBoolean released = new AtomicBoolean();

    private Permit(long amount) {
      this.amount = amount;
    }

    void release() {
      if (released.compareAndSet(false, true)) {
        giveBack(amount);
      }
    }
  }

  private record Waiter(CompletableFuture<Permit> future, long amount) {}

  private final String what;
  private final long limit;
  private final EventExecutor timer;
  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private long used;

  InFlightLimit(String what, long limit, EventExecutor timer) {
    this.what = what;
    this.limit = limit;
    this.timer = timer;
  }

  /**
   * Acquires a share; a share larger than the limit gets the whole limit. Fails with a temporary
   * {@link LarderException} at the deadline.
   */
  CompletableFuture<Permit> acquire(long wanted, long deadlineNanos) {
    long amount = Math.min(wanted, limit);
    Waiter waiter;
    synchronized (this) {
      if (waiting.isEmpty() && used + amount <= limit) {
        used += amount;
        return CompletableFuture.completedFuture(new Permit(amount));
      }
      if (waiting.size() == MAX_WAITING) {
        return CompletableFuture.failedFuture(exhausted());
      }
      waiter = new Waiter(new CompletableFuture<>(), amount);
      waiting.add(waiter);
    }
    var timeout =
        timer.schedule(
            () -> giveUp(waiter), deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    return waiter.future.whenComplete((permit, error) -> timeout.cancel(false));
  }

  synchronized long used() {
    return used;
  }

  private void giveUp(Waiter waiter) {
    boolean removed;
    List<Waiter> granted;
    synchronized (this) {
      removed = waiting.remove(waiter);
      granted = admit();
    }
    if (removed) {
      waiter.future.completeExceptionally(exhausted());
    }
    grant(granted);
  }

  private void giveBack(long amount) {
    List<Waiter> granted;
    synchronized (this) {
      used -= amount;
      granted = admit();
    }
    grant(granted);
  }

  private List<Waiter> admit() {
    List<Waiter> granted = new ArrayList<>(1);
    for (Waiter next = waiting.peek();
        next != null && used + next.amount <= limit;
        next = waiting.peek()) {
      used += next.amount;
      granted.add(waiting.remove());
    }
    return granted;
  }

  private void grant(List<Waiter> granted) {
    for (Waiter waiter : granted) {
      Permit permit = new Permit(waiter.amount);
      if (!waiter.future.complete(permit)) {
        permit.release();
      }
    }
  }

  private LarderException exhausted() {
    return new LarderException(
        what + ": " + limit + " are in flight and none were released in time: send less at once",
        true,
        null);
  }
}
