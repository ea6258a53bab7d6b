package io.larder.testkit.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The content of a local cluster's folder before the start, read without opening it.
 *
 * @param place the folder, or where a temporary one would be made
 * @param nodes how many nodes have a folder in it
 * @param nodesWithDevice how many of them have a device file already
 * @param ports the port of each process in the folder's file
 */
public record LocalFolder(Path place, int nodes, int nodesWithDevice, Map<String, Integer> ports) {
  public LocalFolder {
    ports = Map.copyOf(ports);
  }

  /**
   * Reads a folder, which need not exist.
   *
   * @param dir null for a temporary one
   * @throws IOException if it cannot be read
   */
  public static LocalFolder look(@Nullable Path dir) throws IOException {
    if (dir == null) {
      return new LocalFolder(Path.of(System.getProperty("java.io.tmpdir")), 0, 0, Map.of());
    }
    Path place = dir.toAbsolutePath().normalize();
    int nodes = 0;
    int devices = 0;
    while (Files.isDirectory(ClusterFolder.node(place, nodes + 1))) {
      nodes++;
      devices += Files.exists(ClusterFolder.node(place, nodes).resolve("device")) ? 1 : 0;
    }
    return new LocalFolder(place, nodes, devices, PortPlan.read(ClusterFolder.ports(place)));
  }

  /** The port that a process gets if it is free and no other is requested. */
  public int port(String name, int wellKnown) {
    return ports.getOrDefault(name, wellKnown);
  }
}
