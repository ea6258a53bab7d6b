package io.larder.system.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.client.LarderClient;
import io.larder.coordinator.admin.ClusterStatus;
import io.larder.coordinator.admin.StatusReader;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.node.device.LoopDevice;
import io.larder.testing.Patience;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.lifecycle.Startables;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/**
 * A cluster in containers on two networks: clients, nodes and coordinators speak to nodes over one,
 * nodes and coordinators to ZooKeeper over the other, so that a node can be cut off from either.
 * Everything runs the project's image; ZooKeeper is the server among its libraries.
 */
final class ContainerCluster implements AutoCloseable {
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);

  private static final String CLUSTER = "containers";
  private static final int SESSION_TIMEOUT_MS = 4_000;
  private static final int TICK_MS = 500;
  private static final int REASSIGN_AFTER_MS = 3_000;
  private static final long DEVICE_BYTES = 2L << 30;

  private final Path logs;
  private final List<LoopDevice> devices = new ArrayList<>();
  private final Network clients = network();
  private final Network control = network();
  private final Machine zooKeeper;
  private final List<Machine> coordinators = new ArrayList<>();
  private final List<Machine> nodes = new ArrayList<>();
  private @Nullable StatusReader statusReader;

  /**
   * Starts it and waits until every slot has an owner that grants.
   *
   * @param dir where the devices' bytes are kept
   * @param logs where the containers' logs are left at the end
   */
  ContainerCluster(Path dir, Path logs, int nodeCount) throws IOException, InterruptedException {
    this.logs = logs;
    zooKeeper = new Machine("zookeeper", List.of(control));
    String[] script = {
      """
      printf 'tickTime=%d\\nclientPort=2181\\ndataDir=/tmp/zookeeper\\nadmin.enableServer=false\\n' \\
        >/tmp/zoo.cfg
      exec java -cp '/opt/larder/lib/*' org.apache.zookeeper.server.ZooKeeperServerMain /tmp/zoo.cfg
      """
          .formatted(TICK_MS)
    };
    zooKeeper
        .withCreateContainerCmdModifier(command -> command.withEntrypoint("sh", "-c"))
        .withCommand(script);
    for (int i = 1; i <= 2; i++) {
      coordinators.add(coordinator("coordinator-" + i));
    }
    List<Machine> formats = new ArrayList<>();
    for (int i = 1; i <= nodeCount; i++) {
      LoopDevice device = new LoopDevice(dir.resolve("device-" + i), DEVICE_BYTES);
      devices.add(device);
      formats.add(format("node-" + i, device));
      nodes.add(node("node-" + i, device));
    }
    try {
      Startables.deepStart(Stream.concat(formats.stream(), Stream.of(zooKeeper))).join();
      formats.forEach(Machine::close);
      Startables.deepStart(Stream.concat(coordinators.stream(), nodes.stream())).join();
      awaitHealth();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Internal, and the engine's firewall keeps it so: a cut must not be routed around by the host.
   */
  private static Network network() {
    return Network.builder()
        .createNetworkCmdModifier(command -> command.withInternal(true))
        .build();
  }

  private Machine coordinator(String name) {
    return new Machine(name, List.of(clients, control))
        .withCommand(
            command(
                "coordinator",
                "assignment.spreadToNewNodes=true",
                "http.listen=0.0.0.0:9378",
                "assignment.startupWaitMs=5000",
                "assignment.reassignAfterMs=" + REASSIGN_AFTER_MS,
                "assignment.settleMs=300"));
  }

  private Machine node(String name, LoopDevice device) {
    return new Machine(name, List.of(clients, control))
        .withDevice(device)
        .withCommand(
            command(
                "node",
                "device=" + Machine.DEVICE,
                "listen.advertisedHost=" + name,
                "memory.poolBytes=128MiB",
                "limits.setWaitMs=3000"));
  }

  private Machine format(String name, LoopDevice device) {
    return new Machine(name + "-format", List.of(clients))
        .withDevice(device)
        .withStartupCheckStrategy(new OneShotStartupCheckStrategy())
        .withCommand(
            "device",
            "format",
            "--cluster",
            CLUSTER,
            "--node-id",
            name,
            "--max-value",
            "8MiB",
            Machine.DEVICE);
  }

  private static String[] command(String process, String... settings) {
    List<String> words =
        new ArrayList<>(
            List.of(process, "--cluster", CLUSTER, "--zookeeper", "zookeeper:2181", "--set"));
    words.add("zookeeper.sessionTimeoutMs=" + SESSION_TIMEOUT_MS);
    words.addAll(List.of("--set", "zookeeper.tickMs=" + TICK_MS));
    for (String setting : settings) {
      words.addAll(List.of("--set", setting));
    }
    return words.toArray(String[]::new);
  }

  /** Over which nodes are spoken to. */
  Network clients() {
    return clients;
  }

  /** Over which ZooKeeper is spoken to. */
  Network control() {
    return control;
  }

  Machine node(int index) {
    return nodes.get(index);
  }

  int size() {
    return nodes.size();
  }

  /** The coordinator that leads. */
  Machine leader() {
    String leader = status().leader();
    return coordinators.stream()
        .filter(each -> leader.startsWith(each.name() + ":"))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("'" + leader + "' leads"));
  }

  /** Runs a command of {@code larder} about this cluster and answers what it prints. */
  String larder(String... words) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("larder"));
    line.addAll(List.of(words));
    line.addAll(List.of("--cluster", CLUSTER, "--zookeeper", "zookeeper:2181"));
    return run(coordinators.getFirst(), line);
  }

  /** Runs a command on a machine, which must end well, and answers what it prints. */
  static String run(Machine machine, List<String> line) throws IOException, InterruptedException {
    ExecResult result = machine.execInContainer(line.toArray(String[]::new));
    assertThat(result.getExitCode())
        .as("%s: %s%s", String.join(" ", line), result.getStdout(), result.getStderr())
        .isZero();
    return result.getStdout();
  }

  /** The cluster as ZooKeeper has it. */
  ClusterStatus status() {
    try {
      if (statusReader == null) {
        String address = zooKeeper.address(control).orElseThrow() + ":2181";
        statusReader = new StatusReader(ZooKeeperOptions.of(address, CLUSTER));
      }
      return statusReader.read(Patience.limit()).orElseThrow();
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  void awaitStatus(String what, Predicate<ClusterStatus> wanted) {
    await(what)
        .pollInterval(Duration.ofMillis(200))
        .ignoreException(IllegalStateException.class) // before the cluster is laid out
        .until(this::status, wanted);
  }

  /** Waits until every node is ready and every slot has an owner that grants. */
  void awaitHealth() {
    // A node that was killed is in ZooKeeper until its session ends: the node itself is asked
    // first.
    await("every node is ready").until(this::allReady);
    awaitStatus(
        "every node is there and every slot is claimed",
        status ->
            status.healthy()
                && status.nodes().stream().filter(ClusterStatus.Node::live).count() == size());
  }

  private boolean allReady() throws IOException {
    for (Machine node : nodes) {
      if (!isReady(node)) {
        return false;
      }
    }
    return true;
  }

  private boolean isReady(Machine node) throws IOException {
    URL ready = URI.create("http://" + node.address(clients).orElse("") + ":9379/ready").toURL();
    HttpURLConnection connection = (HttpURLConnection) ready.openConnection();
    connection.setConnectTimeout(1_000);
    connection.setReadTimeout(1_000);
    try {
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (SocketException | SocketTimeoutException _) {
      return false; // not yet listening
    } finally {
      connection.disconnect();
    }
  }

  /** Starts what was killed, connects what was cut off and waits until the cluster is whole. */
  void repair() {
    coordinators.forEach(Machine::repair);
    nodes.forEach(Machine::repair);
    awaitHealth();
  }

  /** A client whose local node is this one, and which knows the others. */
  LarderClient client(int index) {
    List<String> addresses = new ArrayList<>();
    nodes.forEach(node -> node.address(clients).ifPresent(host -> addresses.add(host + ":7379")));
    return LarderClient.builder()
        .localNode(nodes.get(index).address(clients).orElseThrow() + ":7379")
        .nodes(addresses)
        .callTimeout(CALL_TIMEOUT)
        .build();
  }

  /** A plain connection to one node. */
  Jedis connect(int index) {
    return new Jedis(
        new HostAndPort(nodes.get(index).address(clients).orElseThrow(), 7379),
        DefaultJedisClientConfig.builder()
            .timeoutMillis(Patience.limitMs())
            .autoNegotiateProtocol(false)
            .build());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    List<Machine> all = new ArrayList<>(List.of(zooKeeper));
    all.addAll(coordinators);
    all.addAll(nodes);
    if (statusReader != null) {
      statusReader.close();
    }
    Files.createDirectories(logs);
    for (Machine machine : all) {
      if (machine.getContainerId() != null) {
        Files.writeString(logs.resolve(machine.name() + ".log"), machine.getLogs());
      }
      machine.close();
    }
    clients.close();
    control.close();
    for (LoopDevice device : devices) {
      device.close();
    }
  }
}
