package io.larder.bench.device;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What a closed loop of operations came to.
 *
 * @param operations that were done
 * @param bytes of values they moved
 * @param nanos they took together
 * @param cpuNanos of all processors, this process' own and what the kernel did for it
 * @param allocatedBytes on the heap
 */
record Measurement(long operations, long bytes, long nanos, long cpuNanos, long allocatedBytes) {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** The moment at which something begins. */
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
