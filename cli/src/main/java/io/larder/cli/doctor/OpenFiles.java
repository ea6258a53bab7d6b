package io.larder.cli.doctor;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The limit of open files, of which each connection is one. */
final class OpenFiles {
  private static final String NAME = "open files";

  /** Jars, log, device, listeners, links to other nodes. */
  private static final long BESIDE = 512;

  private OpenFiles() {}

  /** The JVM raises its own limit as far as it may. */
  static Check check(int maxConnections) {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? check(maxConnections, unix.getMaxFileDescriptorCount())
        : Check.note(NAME, "the limit is not known", "look at ulimit -n");
  }

  static Check check(int maxConnections, long limit) {
    String found =
        "at most %d for a process, limits.maxConnections is %d".formatted(limit, maxConnections);
    long wished = maxConnections + BESIDE;
    String remedy =
        "raise the hard limit to %d (ulimit -n, or LimitNOFILE= of the systemd unit)"
            .formatted(wished);
    if (limit < 2 * BESIDE) {
      return Check.missing(NAME, found, remedy);
    }
    return limit < wished
        ? Check.note(NAME, found, remedy + ", or lower limits.maxConnections")
        : Check.ok(NAME, found);
  }
}
