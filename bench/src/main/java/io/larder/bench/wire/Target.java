package io.larder.bench.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A server under load.
 *
 * @param name its name in reports
 * @param host its address
 * @param port its RESP port
 * @param pid its process id on this machine
 */
record Target(String name, String host, int port, long pid) {
  /** USER_HZ, which every Linux on x86-64 has. */
  private static final double TICKS_PER_SECOND = 100;

  LeanClient connect() throws IOException {
    return new LeanClient(host, port);
  }

  /** The processor time the server has used so far, in seconds. */
  double cpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc", "" + pid, "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }
}
