package io.larder.coordinator.lease;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Linux' {@code CLOCK_BOOTTIME}: monotonic, and running while the machine is suspended, which
 * {@code System.nanoTime} (CLOCK_MONOTONIC) is not. A node that slept through its session must not
 * find its fence still open on waking.
 */
final class BootClock implements NanoClock {
  private static final Logger LOG = LoggerFactory.getLogger(BootClock.class);

  /** From {@code <linux/time.h>}. */
  private static final int CLOCK_BOOTTIME = 7;

  private static final MemoryLayout TIMESPEC =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_LONG.withName("tv_sec"), ValueLayout.JAVA_LONG.withName("tv_nsec"));

  private final MethodHandle clockGettime;

  /** One a thread: every grant makes the call, which must not allocate. */
  private final ThreadLocal<MemorySegment> timespec =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(TIMESPEC));

  private BootClock(MethodHandle clockGettime) {
    this.clockGettime = clockGettime;
  }

  /** The boot clock; where there is none (not Linux), the JVM's monotonic clock with a warning. */
  static NanoClock open() {
    if (System.getProperty("os.name", "").startsWith("Linux")) {
      Linker linker = Linker.nativeLinker();
      var symbol = linker.defaultLookup().find("clock_gettime");
      if (symbol.isPresent()) {
        BootClock clock =
            new BootClock(
                linker.downcallHandle(
                    symbol.get(),
                    FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS)));
        clock.nowNs();
        return clock;
      }
    }
    LOG.warn(
        "no CLOCK_BOOTTIME here: the put fence does not notice a suspended machine; "
            + "run nodes on Linux");
    return System::nanoTime;
  }

  @Override
  public long nowNs() {
    MemorySegment time = timespec.get();
    try {
      int result = (int) clockGettime.invokeExact(CLOCK_BOOTTIME, time);
      if (result != 0) {
        throw new IllegalStateException("clock_gettime(CLOCK_BOOTTIME) failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("clock_gettime(CLOCK_BOOTTIME) failed", e);
    }
    return TimeUnit.SECONDS.toNanos(time.get(ValueLayout.JAVA_LONG, 0))
        + time.get(ValueLayout.JAVA_LONG, Long.BYTES);
  }
}
