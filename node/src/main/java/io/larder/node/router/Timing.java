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
 * @param putLeaseMs how long a put has the key to itself; one that takes longer is a claimant
 */
public record Timing(ScheduledExecutorService control, LongSupplier nanoClock, long putLeaseMs) {
  /** The device's time and the claim's, with room. */
  private static final long PUT_LEASE_MS = 30_000;

  /** A thread of this process and its clock. */
  public static Timing ofProcess() {
    return new Timing(
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("larder-control").daemon().factory()),
        System::nanoTime,
        PUT_LEASE_MS);
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
