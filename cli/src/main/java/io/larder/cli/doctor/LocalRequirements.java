package io.larder.cli.doctor;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * What a cluster on this machine is to have.
 *
 * @param nodes how many nodes
 * @param newDevices how many of them get a new device file
 * @param folder where everything is to be; need not exist yet
 * @param deviceBytes size of a new device file
 * @param smallerDevices the option by which smaller ones are asked for; empty if there is none
 * @param memoryBytes payload memory of each node
 * @param ports who is to have which TCP port
 * @param insisted those of them whose very port was asked for
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
