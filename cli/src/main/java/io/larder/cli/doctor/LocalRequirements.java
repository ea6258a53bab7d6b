package io.larder.cli.doctor;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * The requirements of a cluster on this machine.
 *
 * @param nodes how many nodes
 * @param newDevices how many of them get a new device file
 * @param folder the cluster's folder; need not exist yet
 * @param deviceBytes size of a new device file
 * @param smallerDevices the option for smaller ones; empty if there is none
 * @param memoryBytes payload memory of each node
 * @param ports the TCP port of each process
 * @param insisted the processes whose port was given by an option
 */
public record LocalRequirements(
    int nodes,
    int newDevices,
    Path folder,
    long deviceBytes,
    String smallerDevices,
    long memoryBytes,
    Map<String, Integer> ports,
    Set<String> insisted) {
  public LocalRequirements {
    ports = Map.copyOf(ports);
    insisted = Set.copyOf(insisted);
  }
}
