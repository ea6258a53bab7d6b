package io.larder.node.store.log;

import io.larder.node.device.Device;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns submissions that the device does not answer into misses and refusals.
 *
 * <p>A read that is not answered within the deadline is a miss, and so is every later one until the
 * device has answered it. A write or flush that is not answered stops all writing for good: whether
 * it took effect, or will, is unknown. The memory of an unanswered submission belongs to the
 * device. A thread of its own.
 */
final class Watchdog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final long MAX_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Volume volume;
  private final long deadlineNanos;
  private final LongConsumer expireReads;
  private final Thread thread;
  private volatile boolean stalled;
  private volatile boolean readsStalled;
  private volatile boolean closed;

  /**
   * @param expireReads ends as misses the reads that began before this time, by System.nanoTime
   */
  Watchdog(Volume volume, long deadlineMs, LongConsumer expireReads) {
    this.volume = volume;
    this.deadlineNanos = TimeUnit.MILLISECONDS.toNanos(deadlineMs);
    this.expireReads = expireReads;
    this.thread = new Thread(this::run, "larder-watchdog");
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Whether a submission has been unanswered for longer than the deadline. */
  boolean isStalled() {
    return stalled;
  }

  /** Whether a read has, so that another would only wait behind it. */
  boolean areReadsStalled() {
    return readsStalled;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    ThreadEnd.await(thread, volume.fence());
  }

  private void run() {
    while (!closed) {
      check();
      LockSupport.parkNanos(Math.min(deadlineNanos / 8, MAX_TICK_NANOS));
    }
  }

  private void check() {
    Device device = volume.device();
    long beganNanos = System.nanoTime(); // before the device is asked: no read expires early
    long readNanos = device.oldestNanos(true);
    long writeNanos = device.oldestNanos(false);
    long oldest = Math.max(readNanos, writeNanos);
    readsStalled = readNanos > deadlineNanos;
    boolean now = oldest > deadlineNanos;
    if (now != stalled) {
      stalled = now;
      if (now) {
        volume.counters().stalls.increment();
        LOG.error(
            "{}: no answer to a {} for {} ms; look at the device and the kernel's log",
            device.name(),
            readsStalled ? "read, and so reads are misses," : "write or flush",
            TimeUnit.NANOSECONDS.toMillis(oldest));
      } else {
        LOG.warn("{}: answers again", device.name());
      }
    }
    if (writeNanos > deadlineNanos) {
      volume.stopWriting(
          "a write or flush was not answered within "
              + TimeUnit.NANOSECONDS.toMillis(deadlineNanos)
              + " ms",
          null);
    }
    expireReads.accept(beganNanos - deadlineNanos);
  }
}
