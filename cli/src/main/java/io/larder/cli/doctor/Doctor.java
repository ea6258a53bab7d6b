package io.larder.cli.doctor;

import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Checks this machine, for {@code larder doctor} and before commands start processes. */
public final class Doctor {
  private static final String LOOPBACK = InetAddress.getLoopbackAddress().getHostAddress();

  private Doctor() {}

  /** All checks. */
  public static List<Check> everything(LocalRequirements required) {
    List<Check> checks = new ArrayList<>(localCluster(required));
    checks.addAll(TestTools.all());
    return checks;
  }

  /** The checks for a cluster on this machine. */
  public static List<Check> localCluster(LocalRequirements required) {
    return List.of(
        Platform.system(),
        Platform.jdk(),
        Memory.memory(required.nodes(), required.memoryBytes()),
        Memory.hugePages(),
        DeviceAccess.directIo(required.folder()),
        DeviceAccess.ring(required.folder()),
        Disk.check(
            required.folder(),
            required.newDevices(),
            required.deviceBytes(),
            required.smallerDevices()),
        OpenFiles.check(NodeConfig.DEFAULTS.limits().maxConnections()),
        PortsCheck.check(
            new TreeMap<>(required.ports()), required.insisted(), port -> isFree(LOOPBACK, port)));
  }

  /** The checks for a node; opening its device checks the rest. */
  public static List<Check> node(NodeConfig config) {
    List<Check> checks = new ArrayList<>();
    checks.add(Platform.jdk());
    checks.add(Memory.pool(config.memory().poolBytes()));
    checks.add(Memory.hugePages());
    checks.add(OpenFiles.check(config.limits().maxConnections()));
    checks.add(port("listen.port", config.listen().host(), config.listen().port()));
    checks.add(port("http.port", config.http().host(), config.http().port()));
    return checks;
  }

  private static Check port(String key, String host, int port) {
    return PortsCheck.check(
        port == 0 ? Map.of() : Map.of(key, port), Set.of(key), each -> isFree(host, each));
  }

  private static boolean isFree(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(host, port), 1);
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
