package io.larder.cli.doctor;

import com.sun.management.OperatingSystemMXBean;
import io.larder.coordinator.config.ByteSize;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks the available memory and huge pages. */
final class Memory {
  /** The least memory of a node's JVM, or of a cluster's other processes, beside payloads. */
  private static final long BESIDE_BYTES = 512L << 20;

  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Path HUGE = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private Memory() {}

  /**
   * Checks the memory of a cluster or a single node.
   *
   * @param poolBytes the payload memory of one node
   */
  static Check memory(int nodes, long poolBytes) {
    try {
      return memory(nodes, poolBytes, availableBytes());
    } catch (IOException e) {
      return Check.note("memory", MEMINFO + " cannot be read: " + e.getMessage(), "mount /proc");
    }
  }

  static Check memory(int nodes, long poolBytes, long availableBytes) {
    long pools = nodes * poolBytes;
    long wished = pools + (nodes + 1) * BESIDE_BYTES;
    String found =
        "%s available, %s wished for %d node(s) of %s payload memory"
            .formatted(
                ByteSize.show(availableBytes),
                ByteSize.show(wished),
                nodes,
                ByteSize.show(poolBytes));
    String remedy = "end other programs, or run fewer nodes or less payload memory (--memory)";
    if (availableBytes < pools) {
      return Check.missing("memory", found, remedy);
    }
    return availableBytes < wished
        ? Check.note("memory", found, remedy)
        : Check.ok("memory", found);
  }

  /** Checks the memory of a node on a machine of its own, whose pool grows with its use. */
  static Check pool(long poolBytes) {
    try {
      return pool(poolBytes, availableBytes(), totalBytes());
    } catch (IOException e) {
      return Check.note("memory", MEMINFO + " cannot be read: " + e.getMessage(), "mount /proc");
    }
  }

  static Check pool(long poolBytes, long availableBytes, long totalBytes) {
    String found =
        "memory.poolBytes is %s, %s of %s are available"
            .formatted(
                ByteSize.show(poolBytes), ByteSize.show(availableBytes), ByteSize.show(totalBytes));
    String remedy = "lower memory.poolBytes, or give the node more memory";
    if (poolBytes >= totalBytes) {
      return Check.missing("memory", found, remedy);
    }
    return poolBytes > availableBytes
        ? Check.note("memory", found, remedy)
        : Check.ok("memory", found);
  }

  /** The memory available without swapping; in a container, at most its limit. */
  private static long availableBytes() throws IOException {
    return Math.min(meminfo("MemAvailable:"), totalBytes());
  }

  /** The memory of the machine or the container. */
  private static long totalBytes() throws IOException {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : meminfo("MemTotal:");
  }

  private static long meminfo(String key) throws IOException {
    for (String line : Files.readAllLines(MEMINFO)) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.substring(key.length()).replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("there is no " + key);
  }

  static Check hugePages() {
    try {
      return hugePages(Files.readString(HUGE).strip());
    } catch (IOException _) {
      return hugePages("not offered");
    }
  }

  /**
   * Checks the kernel's setting.
   *
   * @param setting e.g. {@code always [madvise] never}
   */
  static Check hugePages(String setting) {
    return setting.contains("[always]") || setting.contains("[madvise]")
        ? Check.ok("huge pages", setting)
        : Check.note(
            "huge pages",
            setting + ": reads of large blocks take several times the processor time",
            "echo madvise > " + HUGE + " (as root)");
  }
}
