package io.larder.node.block;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes memory's pages present before they are needed: zeroing 2 MiB at the first touch is a sixth
 * of a small put. From the end to the start, which is the order in which a fresh pool allocates its
 * pieces; in small steps with pauses, a quarter of a core at most.
 *
 * <p>It leaves memory that others may need: a node that never fills its pool can run where pool and
 * heap together do not fit.
 */
final class Prefault implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Prefault.class);
  private static final long STEP_BYTES = 16L << 20;
  private static final int PAUSE_PER_WORK = 3;
  private static final long JVM_BYTES = 512L << 20; // beside heap and pool

  private final HugeMemory memory;
  private final long mostBytes;
  private final LongSupplier spareBytes;
  private final BooleanSupplier over;

  /**
   * @param mostBytes the most bytes to make present
   * @param spareBytes the bytes that the machine can spare at the moment
   * @param over whether to stop
   */
  Prefault(HugeMemory memory, long mostBytes, LongSupplier spareBytes, BooleanSupplier over) {
    this.memory = memory;
    this.mostBytes = mostBytes;
    this.spareBytes = spareBytes;
    this.over = over;
  }

  /** Within the limit of machine or container, beside the heap at its largest. */
  static Prefault ofProcess(HugeMemory memory, BooleanSupplier over) {
    long reservedBytes = Runtime.getRuntime().maxMemory() + JVM_BYTES;
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new Prefault(
        memory,
        system.getTotalMemorySize() - reservedBytes,
        () -> availableBytes() - reservedBytes,
        over);
  }

  @Override
  public void run() {
    long end = memory.segment().byteSize();
    long wanted = Math.min(end, mostBytes & -HugeMemory.PAGE_BYTES);
    long present = 0;
    try {
      while (present < wanted && !over.getAsBoolean()) {
        long step = Math.min(STEP_BYTES, wanted - present);
        if (spareBytes.getAsLong() < step) {
          break;
        }
        long start = System.nanoTime();
        if (!memory.populate(end - present - step, step)) {
          break;
        }
        present += step;
        Thread.sleep(Duration.ofNanos(PAUSE_PER_WORK * (System.nanoTime() - start)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (present == end || over.getAsBoolean()) {
      LOG.debug("{} of the memory pool's {} MiB are present", present >> 20, end >> 20);
    } else {
      LOG.info(
          "{} of the memory pool's {} MiB stay untouched until they are used: memory is short beside"
              + " the heap, or the kernel does not populate it (before Linux 5.14)",
          (end - present) >> 20,
          end >> 20);
    }
  }

  /** The bytes that the machine can provide without swapping; 0 if unknown. */
  private static long availableBytes() {
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
