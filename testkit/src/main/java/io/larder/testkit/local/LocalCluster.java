package io.larder.testkit.local;

import io.larder.coordinator.admin.StatusReader;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.Slots;
import io.larder.testkit.embedded.EmbeddedZooKeeper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on this machine: ZooKeeper, coordinators and nodes, each node and coordinator in a
 * process of its own, ZooKeeper within this process or as an ensemble of processes. Everything uses
 * the loopback address unless the options give each process a location of its own. No process
 * outlives this one, even after kill -9.
 *
 * <p>Processes have names: {@code node-1}, {@code coordinator-1}, {@code zookeeper-1} and so on.
 * Thread-safe. Closing it stops everything in order and removes a temporary folder.
 */
public final class LocalCluster implements AutoCloseable {
  /** The cluster's name in ZooKeeper and on the devices: every command's default. */
  public static final String CLUSTER = ZooKeeperOptions.DEFAULT_CLUSTER;

  /** Of every node and coordinator. */
  public static final Duration SESSION_TIMEOUT =
      Duration.ofMillis(LocalConfiguration.SESSION_TIMEOUT_MS);

  private static final Duration READ_PATIENCE = Duration.ofSeconds(60);
  private static final List<String> ZOOKEEPER_JVM =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
  private static final List<String> COORDINATOR_JVM = List.of("-Xmx256m", "-XX:+UseSerialGC");
  private static final List<String> NODE_JVM = List.of("-Xmx1g");

  private final LocalClusterOptions options;
  private final ClusterFolder folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Ports ports = new Ports();
  private final PortPlan plan;
  private final ProcessTable processes = new ProcessTable();
  private final Thread onExit = Thread.ofPlatform().name("cluster-stop").unstarted(this::stop);
  private volatile @Nullable EmbeddedZooKeeper zooKeeper;
  private volatile String zooKeeperAddress = "";
  private volatile List<HttpAddress> coordinators = List.of();
  private volatile List<String> zooKeepers = List.of();
  private volatile List<LocalNode> nodes = List.of();
  private boolean stopped;

  /** The address of a process's health. */
  private record HttpAddress(String name, String host, int port) {}

  private LocalCluster(LocalClusterOptions options, ClusterFolder folder) throws IOException {
    this.options = options;
    this.folder = folder;
    this.plan = PortPlan.of(options.ports(), ports, folder);
  }

  /**
   * Starts a cluster and returns when every node is ready; waits as long as the start makes
   * progress.
   *
   * @param say receives progress messages, a line each
   * @throws LocalClusterException if a part does not start; the message quotes the cause from its
   *     log; the logs are kept, even in a temporary folder
   */
  public static LocalCluster start(LocalClusterOptions options, Consumer<String> say)
      throws LocalClusterException {
    ClusterFolder folder = ClusterFolder.open(options.dir());
    LocalCluster cluster;
    try {
      cluster = new LocalCluster(options, folder);
    } catch (IOException e) {
      folder.closeQuietly();
      throw cannotStart(e);
    }
    Runtime.getRuntime().addShutdownHook(cluster.onExit);
    try {
      cluster.startAll(say);
      return cluster;
    } catch (IOException | RuntimeException e) {
      folder.keepLogs();
      cluster.close();
      throw cannotStart(e);
    }
  }

  private static LocalClusterException cannotStart(Exception e) {
    return e instanceof LocalClusterException known
        ? known
        : new LocalClusterException("the cluster cannot start: " + e.getMessage(), e);
  }

  private void startAll(Consumer<String> say) throws IOException {
    say.accept("starting ZooKeeper, a coordinator and the nodes in " + folder.root());
    int existing = folder.existingNodes();
    List<LocalNode> placed = place(existing);
    for (LocalNode node : placed) {
      LocalDevice.prepare(node, options);
    }
    if (options.zooKeepers() == 1) {
      EmbeddedZooKeeper server = EmbeddedZooKeeper.start(folder.zooKeeper(), plan.zooKeeper());
      zooKeeper = server;
      zooKeeperAddress = server.address();
    } else {
      startEnsemble();
    }
    // More nodes than before were requested: they must get slots.
    startCoordinators(existing > 0 && placed.size() > existing);
    for (LocalNode node : placed) {
      List<String> arguments =
          LocalConfiguration.node(node, zooKeeperAddress, options.memoryBytes());
      launch(node.nodeId(), node.log(), NODE_JVM, arguments);
    }
    plan.keep();
    nodes = placed;
    List<StartupWait.Watched> all = new ArrayList<>();
    coordinators.forEach(coordinator -> all.add(watched(coordinator.name())));
    nodes.forEach(node -> all.add(watched(node.nodeId())));
    StartupWait.await(http, all, say);
    List<String> withoutSlots =
        new SlotSpread(http, nodes, processes).await(existing < placed.size(), say);
    if (!withoutSlots.isEmpty()) {
      say.accept(
          "%s own no slots: being drained, or away when their slots were given to others; give them their share with: ./larder admin rebalance apply --yes %s"
              .formatted(withoutSlots, commandOptions())
              .strip());
    }
  }

  private void startEnsemble() throws IOException {
    List<String> names = new ArrayList<>();
    List<EmbeddedZooKeeper.Member> members = new ArrayList<>();
    for (int i = 1; i <= options.zooKeepers(); i++) {
      String name = "zookeeper-" + i;
      names.add(name);
      members.add(
          new EmbeddedZooKeeper.Member(
              location(name).host(), ports.any(), ports.any(), ports.any()));
    }
    for (int i = 0; i < names.size(); i++) {
      launch(
          names.get(i),
          folder.log(names.get(i)),
          ZOOKEEPER_JVM,
          LocalConfiguration.zooKeeper(folder.zooKeeper().resolve(names.get(i)), members, i));
    }
    zooKeepers = List.copyOf(names);
    zooKeeperAddress =
        String.join(",", members.stream().map(EmbeddedZooKeeper.Member::address).toList());
  }

  private void startCoordinators(boolean spreadToNewNodes) throws IOException {
    List<HttpAddress> started = new ArrayList<>();
    for (int i = 1; i <= options.coordinators(); i++) {
      String name = "coordinator-" + i;
      HttpAddress at = new HttpAddress(name, location(name).host(), plan.coordinator(i));
      launch(
          name,
          folder.log(name),
          COORDINATOR_JVM,
          LocalConfiguration.coordinator(
              zooKeeperAddress, at.host() + ":" + at.port(), spreadToNewNodes));
      started.add(at);
    }
    coordinators = List.copyOf(started);
  }

  private void launch(String name, Path log, List<String> jvm, List<String> arguments)
      throws IOException {
    processes.add(name, () -> ChildProcess.start(name, log, launcher(name, jvm), arguments));
  }

  /** The words before a process's arguments. */
  private List<String> launcher(String name, List<String> jvm) {
    List<String> words = new ArrayList<>(location(name).launcher());
    words.addAll(JavaCommand.of(options.launcher(), jvm));
    return words;
  }

  private ProcessLocation location(String name) {
    return options.locations().apply(name);
  }

  /**
   * Whether every node answers, the nodes together hold every slot's put-lease, and every owner has
   * the announcements of all nodes.
   */
  public boolean isSettled() throws InterruptedException {
    long owned = 0;
    for (LocalNode node : nodes) {
      try {
        Scrape scrape = scrape(node);
        if (scrape.sum("larder_directory_slots_syncing") > 0) {
          return false;
        }
        owned += (long) scrape.sum("larder_slots_owned");
      } catch (IOException e) {
        return false; // it does not answer now
      }
    }
    return owned == Slots.COUNT;
  }

  private List<LocalNode> place(int existing) throws IOException {
    int count = options.nodes();
    if (count == 0) {
      count = existing == 0 ? LocalClusterOptions.DEFAULT_NODES : existing;
    }
    if (count < existing) {
      throw new LocalClusterException(
          "%s has %d nodes and %d are asked for: what the others hold would be missing; leave --nodes away or choose another --dir"
              .formatted(folder.root(), existing, count),
          null);
    }
    List<LocalNode> placed = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String nodeId = "node-" + (i + 1);
      Path home = folder.node(i + 1);
      Path device = options.devices().isEmpty() ? home.resolve("device") : options.devices().get(i);
      placed.add(
          new LocalNode(
              nodeId,
              location(nodeId).host(),
              plan.node(i + 1),
              plan.nodeHttp(i + 1),
              device,
              home));
    }
    return List.copyOf(placed);
  }

  /** A node or coordinator by its name. */
  private StartupWait.Watched watched(String name) {
    HttpAddress at =
        Stream.concat(
                coordinators.stream(),
                nodes.stream()
                    .map(node -> new HttpAddress(node.nodeId(), node.host(), node.httpPort())))
            .filter(address -> address.name().equals(name))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "there is no %s here, only %s".formatted(name, processes.names(""))));
    return new StartupWait.Watched(processes.get(name), at.host(), at.port());
  }

  /** The nodes, in order, whether they run or not. */
  public List<LocalNode> nodes() {
    return nodes;
  }

  /** The names of the ZooKeeper servers' processes; empty if there is one within this process. */
  public List<String> zooKeepers() {
    return zooKeepers;
  }

  /** The process id of a node. */
  public long pid(LocalNode node) {
    return pid(node.nodeId());
  }

  /** The process id of a process. */
  public long pid(String name) {
    return processes.get(name).pid();
  }

  /** {@code host:port[,host:port…]} of ZooKeeper. */
  public String zooKeeperAddress() {
    return zooKeeperAddress;
  }

  /** {@code host:port} of the first coordinator's metrics, liveness and readiness. */
  public String coordinatorHttpAddress() {
    HttpAddress first = coordinators.getFirst();
    return first.host() + ":" + first.port();
  }

  /** The name of the leading coordinator; null if none leads now. */
  public @Nullable String leadingCoordinator() throws InterruptedException {
    for (HttpAddress coordinator : coordinators) {
      if (Readiness.ask(http, coordinator.host(), coordinator.port()).equals("200 leading")) {
        return coordinator.name();
      }
    }
    return null;
  }

  /** The live nodes' incarnations as ZooKeeper has them, by node id. */
  public Map<String, String> incarnations() throws IOException, InterruptedException {
    ZooKeeperOptions zooKeeperOptions =
        ZooKeeperOptions.of(
            zooKeeperAddress,
            CLUSTER,
            LocalConfiguration.SESSION_TIMEOUT_MS,
            EmbeddedZooKeeper.TICK_MS);
    try (StatusReader reader = new StatusReader(zooKeeperOptions)) {
      Map<String, String> incarnations = new HashMap<>();
      reader
          .read(READ_PATIENCE)
          .orElseThrow(() -> new IOException("no answer from ZooKeeper at " + zooKeeperAddress))
          .nodes()
          .forEach(node -> incarnations.put(node.nodeId(), node.incarnation()));
      return incarnations;
    }
  }

  /** The cluster's folder. */
  public Path root() {
    return folder.root();
  }

  /** Keeps a temporary folder on close. */
  public void keep() {
    folder.keep();
  }

  /** Kill -9 of a process; returns when it is gone. */
  public void kill(String name) throws LocalClusterException {
    processes.get(name).kill();
  }

  /** Kill -9 of a node; returns when its process is gone. */
  public void kill(LocalNode node) throws LocalClusterException {
    kill(node.nodeId());
  }

  /** Freezes a process, as if its machine hung (SIGSTOP). */
  public void freeze(String name) throws IOException {
    processes.get(name).freeze();
  }

  /** Resumes a frozen process (SIGCONT). */
  public void thaw(String name) throws IOException {
    processes.get(name).thaw();
  }

  /** Ends a process in order. */
  public void stop(String name) {
    processes.stop(List.of(name));
  }

  /** Restarts an ended process at its address; does not wait for it. */
  public void start(String name) throws IOException {
    processes.again(name);
  }

  /**
   * Starts a node again at its address and on its device.
   *
   * @return milliseconds from the start of its process to readiness
   */
  public long restart(LocalNode node) throws IOException {
    return restart(node.nodeId(), _ -> {});
  }

  /**
   * Restarts an ended node or coordinator; returns when it is ready.
   *
   * @param say receives the state of the wait periodically
   * @return milliseconds from the start of its process to readiness
   * @throws IllegalArgumentException if there is none of that name
   * @throws IllegalStateException if it runs
   */
  public long restart(String name, Consumer<String> say) throws IOException {
    watched(name);
    long start = System.nanoTime();
    start(name);
    StartupWait.await(http, List.of(watched(name)), say);
    return Duration.ofNanos(System.nanoTime() - start).toMillis();
  }

  /** Reads a node's metrics. */
  public Scrape scrape(LocalNode node) throws IOException, InterruptedException {
    return Scrape.of(http, node.host(), node.httpPort());
  }

  /** Keeps the logs of a temporary folder on close. */
  public void keepLogs() {
    folder.keepLogs();
  }

  /** How a process of {@link #ended} ended, with the cause in its log and the log's path. */
  public String ending(String name) {
    ChildProcess process = processes.get(name);
    if (process.isAlive()) {
      return "it runs again";
    }
    return process.ending();
  }

  /**
   * The options with which the launcher's commands find this cluster; empty if the defaults
   * suffice.
   */
  public String commandOptions() {
    return zooKeeperAddress.equals("127.0.0.1:" + PortPreferences.ZOOKEEPER)
        ? ""
        : "--zookeeper " + zooKeeperAddress;
  }

  /** The names of the processes that ended by themselves. */
  public List<String> ended() {
    return processes.ended();
  }

  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(onExit);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs or has run.
    }
  }

  /** Nodes first, so that each closes its device in order while ZooKeeper still hears it. */
  private synchronized void stop() {
    if (stopped) {
      return;
    }
    stopped = true;
    processes.seal();
    processes.stop(processes.names("node-"));
    processes.stop(processes.names("coordinator-"));
    processes.stop(processes.names("zookeeper-"));
    EmbeddedZooKeeper server = zooKeeper;
    if (server != null) {
      server.close();
    }
    http.close();
    ports.close();
    try {
      folder.close();
    } catch (IOException e) {
      System.err.println("larder: " + folder.root() + " was not removed: " + e);
    }
  }
}
