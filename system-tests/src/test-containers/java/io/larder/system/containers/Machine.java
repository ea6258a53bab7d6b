package io.larder.system.containers;

import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import io.larder.node.device.LoopDevice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

/**
 * A container that stands for a host: it is killed, started again and cut off from networks, and
 * may have another address afterwards. As unprivileged as the chart's pods. Not thread-safe.
 */
final class Machine extends GenericContainer<Machine> {
  /** The path under which a node sees its device. */
  static final String DEVICE = "/dev/kv0";

  private static final String DISK_GROUP = "6";

  private final String name;

  /** Its networks, and whether it is attached to each. */
  private final Map<Network, Boolean> networks = new LinkedHashMap<>();

  Machine(String name, List<Network> networks) {
    super(System.getProperty("larder.image", ""));
    this.name = name;
    networks.forEach(network -> this.networks.put(network, true));
    withNetwork(networks.getFirst())
        .withNetworkAliases(name)
        .withEnv("LARDER_JAVA_OPTS", "-Xmx256m")
        .withCreateContainerCmdModifier(command -> {
          HostConfig host = command.getHostConfig();
          if (host != null) {
            host.withReadonlyRootfs(true)
                .withTmpFs(Map.of("/tmp", "rw,exec"))
                .withCapDrop(Capability.ALL)
                .withSecurityOpts(List.of("no-new-privileges"));
          }
          command.withHostName(name);
        });
  }

  Machine withDevice(LoopDevice device) {
    return withCreateContainerCmdModifier(command -> {
      HostConfig host = command.getHostConfig();
      if (host != null) {
        host.withDevices(new Device("rwm", DEVICE, device.path()))
            .withGroupAdd(List.of(DISK_GROUP));
      }
    });
  }

  String name() {
    return name;
  }

  @Override
  protected void containerIsCreated(String containerId) {
    networks.keySet().stream().skip(1).forEach(this::attach);
  }

  /** SIGKILL: nothing is flushed, closed or said. It is dead when this returns. */
  void kill() {
    dockerClient.killContainerCmd(getContainerId()).exec();
    await("the engine has ended " + name).until(() -> !isRunning());
  }

  /** Started again as it was, on the same device. */
  void startAgain() {
    dockerClient.startContainerCmd(getContainerId()).exec();
  }

  void cutOff(Network network) {
    dockerClient
        .disconnectFromNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(getContainerId())
        .exec();
    networks.put(network, false);
  }

  /** Undoes every kill and cut. */
  void repair() {
    networks.forEach((network, attached) -> {
      if (!attached) {
        attach(network);
      }
    });
    if (!isRunning()) {
      startAgain();
    }
  }

  /** The address in a network at this moment; none while it is down or cut off. */
  Optional<String> address(Network network) {
    return dockerClient
        .inspectContainerCmd(getContainerId())
        .exec()
        .getNetworkSettings()
        .getNetworks()
        .values()
        .stream()
        .filter(each -> network.getId().equals(each.getNetworkID()))
        .map(ContainerNetwork::getIpAddress)
        .filter(address -> address != null && !address.isEmpty())
        .findFirst();
  }

  private void attach(Network network) {
    dockerClient
        .connectToNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(getContainerId())
        .withContainerNetwork(new ContainerNetwork().withAliases(name))
        .exec();
    networks.put(network, true);
  }
}
