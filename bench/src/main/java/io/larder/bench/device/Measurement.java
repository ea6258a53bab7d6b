package io.larder.bench.device;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * The measurement of a closed loop of operations.
 *
 * @param operations the completed operations
 * @param bytes the bytes of values they moved
 * @param nanos the duration of all
 * @param cpuNanos the processor time of this process, kernel included
 * @param allocatedBytes the bytes allocated on the heap
 */
record Measurement(long operations, long bytes, long nanos, long cpuNanos, long allocatedBytes) {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The start of a measurement. */
  record Start(long nanos, long cpuNanos, long allocatedBytes) {
    static Start now() {
      return new Start(
          System.nanoTime(), SYSTEM.getProcessCpuTime(), THREADS.getTotalThreadAllocatedBytes());
    }

    Measurement end(long operations, long bytesEach) {
      return new Measurement(
          operations,
          operations * bytesEach,
          System.nanoTime() - nanos,
          SYSTEM.getProcessCpuTime() - cpuNanos,
          THREADS.getTotalThreadAllocatedBytes() - allocatedBytes);
    }
  }

  double bytesPerSecond() {
    return bytes * 1e9 / nanos;
  }

  double cpuSecondsPerGib() {
    return cpuNanos / 1e9 / ((double) bytes / (1L << 30));
  }

  double allocatedPerOperation() {
    return (double) allocatedBytes / operations;
  }
}
