package io.larder.testkit.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * The ports of a local cluster's processes. Kept ports are in the folder's file {@code ports}, a
 * line {@code name=port} each; a port given by an option wins over them. Not thread-safe.
 */
final class PortPlan {
  /** The children of a cluster that was killed need a moment to end. */
  private static final Duration LEFTOVER_PATIENCE = Duration.ofSeconds(30);

  private static final Duration PAUSE = Duration.ofMillis(100);

  private final PortPreferences preferences;
  private final Ports ports;
  private final Path file;
  private final Map<String, Integer> kept;

  private PortPlan(PortPreferences preferences, Ports ports, Path file, Map<String, Integer> kept) {
    this.preferences = preferences;
    this.ports = ports;
    this.file = file;
    this.kept = kept;
  }

  /**
   * The plan of a folder.
   *
   * @throws IOException if its file cannot be read
   */
  static PortPlan of(PortPreferences preferences, Ports ports, ClusterFolder folder)
      throws IOException {
    return new PortPlan(preferences, ports, folder.ports(), read(folder.ports()));
  }

  /** Reads the file; empty if there is none. */
  static Map<String, Integer> read(Path file) throws IOException {
    Map<String, Integer> kept = new TreeMap<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        String[] parts = line.split("=", 2);
        if (parts.length != 2 || !parts[1].strip().matches("\\d{1,5}")) {
          throw new LocalClusterException(
              "%s: '%s' is no NAME=PORT; correct or remove the file".formatted(file, line), null);
        }
        kept.put(parts[0].strip(), Integer.parseInt(parts[1].strip()));
      }
    }
    return kept;
  }

  int zooKeeper() throws LocalClusterException {
    return port(
        "zookeeper", "--zookeeper-port", preferences.zooKeeper(), PortPreferences.ZOOKEEPER);
  }

  /** Of a coordinator, from 1. */
  int coordinator(int number) throws LocalClusterException {
    int preferred = preferences.httpBase() == 0 ? 0 : preferences.httpBase() - number;
    return port(
        "coordinator-" + number, "--http-port", preferred, PortPreferences.HTTP_BASE - number);
  }

  /** RESP of a node, from 1. */
  int node(int number) throws LocalClusterException {
    int preferred = preferences.base() == 0 ? 0 : preferences.base() + number - 1;
    return port("node-" + number, "--port", preferred, PortPreferences.BASE + number - 1);
  }

  /** Metrics of a node, from 1. */
  int nodeHttp(int number) throws LocalClusterException {
    int preferred = preferences.httpBase() == 0 ? 0 : preferences.httpBase() + number - 1;
    return port(
        "node-" + number + ".http",
        "--http-port",
        preferred,
        PortPreferences.HTTP_BASE + number - 1);
  }

  private int port(String name, String option, int preferred, int wellKnown)
      throws LocalClusterException {
    if (!preferences.kept()) {
      return ports.any();
    }
    Integer before = kept.get(name);
    int port;
    if (preferred != 0) {
      if (!ports.reserve(preferred)) {
        throw new LocalClusterException(
            "%s: port %d, for %s, is in use: stop what listens there, or give another %s"
                .formatted(option, preferred, name, option),
            null);
      }
      port = preferred;
    } else if (before != null) {
      awaitFree(before, name, option);
      port = before;
    } else {
      port = ports.reserve(wellKnown) ? wellKnown : ports.any();
    }
    kept.put(name, port);
    return port;
  }

  private void awaitFree(int port, String name, String option) throws LocalClusterException {
    long deadline = System.nanoTime() + LEFTOVER_PATIENCE.toNanos();
    while (!ports.reserve(port)) {
      if (System.nanoTime() - deadline > 0) {
        throw new LocalClusterException(
            "port %d, which %s keeps for %s, is in use: stop what listens there, or give another with %s"
                .formatted(port, file, name, option),
            null);
      }
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LocalClusterException("interrupted while waiting for port " + port, e);
      }
    }
  }

  /** Stores the chosen ports for the folder's next start. */
  void keep() throws IOException {
    if (!preferences.kept()) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    kept.forEach((name, port) -> lines.append(name).append('=').append(port).append('\n'));
    Files.writeString(file, lines);
  }
}
