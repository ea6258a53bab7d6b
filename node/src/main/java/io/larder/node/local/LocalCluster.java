package io.larder.node.local;

import io.larder.coordinator.controller.StatusReader;
import io.larder.coordinator.embedded.EmbeddedZooKeeper;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on this machine: ZooKeeper, coordinators and nodes, each node and coordinator in a
 * process of its own, ZooKeeper within this process or as an ensemble of processes. Everything is
 * at the loopback address unless the options give each process a site of its own. None outlives
 * this process, whatever ends it.
 *
 * <p>Processes are known by their names: {@code node-1}, {@code coordinator-1}, {@code zookeeper-1}
 * and so on. Thread-safe. Closing it stops everything in order; a temporary folder goes with it.
 */
public final class LocalCluster implements AutoCloseable {
  /** The cluster's name in ZooKeeper and on the devices. */
  public static final String CLUSTER = "local";

  /** Of every node and coordinator. */
  public static final Duration SESSION_TIMEOUT =
      Duration.ofMillis(LocalConfiguration.SESSION_TIMEOUT_MS);

  private static final int ZOOKEEPER_PORT = 2181;
  private static final int COORDINATOR_HTTP_PORT = 9378;
  private static final int FIRST_PORT = 7379;
  private static final int FIRST_HTTP_PORT = 9379;
  private static final Duration START_PATIENCE = Duration.ofMinutes(10);
  private static final Duration SPREAD_PAUSE = Duration.ofMillis(100);
  private static final List<String> ZOOKEEPER_JVM =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
  private static final List<String> COORDINATOR_JVM = List.of("-Xmx256m", "-XX:+UseSerialGC");
  private static final List<String> NODE_JVM = List.of("-Xmx1g");

  private final LocalClusterOptions options;
  private final ClusterFolder folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Ports ports = new Ports();
  private final ProcessTable processes = new ProcessTable();
  private final Thread onExit = Thread.ofPlatform().name("cluster-stop").unstarted(this::stop);
  private volatile @Nullable EmbeddedZooKeeper zooKeeper;
  private volatile String zooKeeperAddress = "";
  private volatile List<HttpAddress> coordinators = List.of();
  private volatile List<String> zooKeepers = List.of();
  private volatile List<LocalNode> nodes = List.of();
  private boolean stopped;

  /** Where a process says how it is. */
  private record HttpAddress(String name, String host, int port) {}

  private LocalCluster(LocalClusterOptions options, ClusterFolder folder) {
    this.options = options;
    this.folder = folder;
  }

  /**
   * Starts a cluster and returns when every node is ready.
   *
   * @param say told what is going on, a line at a time
   * @throws LocalClusterException if a part does not start; the message quotes the end of its log
   */
  public static LocalCluster start(LocalClusterOptions options, Consumer<String> say)
      throws LocalClusterException {
    LocalCluster cluster = new LocalCluster(options, ClusterFolder.open(options.dir()));
    Runtime.getRuntime().addShutdownHook(cluster.onExit);
    try {
      cluster.startAll(say);
      return cluster;
    } catch (IOException | RuntimeException e) {
      cluster.close();
      throw e instanceof LocalClusterException known
          ? known
          : new LocalClusterException("the cluster cannot start: " + e.getMessage(), e);
    }
  }

  private void startAll(Consumer<String> say) throws IOException {
    say.accept("starting ZooKeeper, a coordinator and the nodes in " + folder.root());
    if (options.zooKeepers() == 1) {
      EmbeddedZooKeeper server = EmbeddedZooKeeper.start(folder.zooKeeper(), port(ZOOKEEPER_PORT));
      zooKeeper = server;
      zooKeeperAddress = server.address();
    } else {
      startEnsemble();
    }
    startCoordinators();
    List<LocalNode> placed = place();
    for (LocalNode node : placed) {
      LocalDevice.prepare(node, options);
      List<String> arguments =
          LocalConfiguration.node(node, zooKeeperAddress, options.memoryBytes());
      launch(node.nodeId(), node.log(), NODE_JVM, arguments);
    }
    nodes = placed;
    for (LocalNode node : placed) {
      awaitReady(node);
    }
    for (HttpAddress coordinator : coordinators) {
      Readiness.await(
          http,
          processes.get(coordinator.name()),
          coordinator.host(),
          coordinator.port(),
          START_PATIENCE);
    }
    awaitSpread();
  }

  private void startEnsemble() throws IOException {
    List<String> names = new ArrayList<>();
    List<EmbeddedZooKeeper.Member> members = new ArrayList<>();
    for (int i = 1; i <= options.zooKeepers(); i++) {
      String name = "zookeeper-" + i;
      names.add(name);
      members.add(
          new EmbeddedZooKeeper.Member(site(name).host(), ports.any(), ports.any(), ports.any()));
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

  private void startCoordinators() throws IOException {
    List<HttpAddress> started = new ArrayList<>();
    for (int i = 1; i <= options.coordinators(); i++) {
      String name = "coordinator-" + i;
      HttpAddress at =
          new HttpAddress(name, site(name).host(), port(COORDINATOR_HTTP_PORT + 1 - i));
      launch(
          name,
          folder.log(name),
          COORDINATOR_JVM,
          LocalConfiguration.coordinator(zooKeeperAddress, at.host() + ":" + at.port()));
      started.add(at);
    }
    coordinators = List.copyOf(started);
  }

  private void launch(String name, Path log, List<String> jvm, List<String> arguments)
      throws IOException {
    ChildProcess _ =
        processes.add(
            name, () -> ChildProcess.start(name, log, site(name).launcher(), jvm, arguments));
  }

  private Site site(String name) {
    return options.sites().apply(name);
  }

  private int port(int wanted) throws LocalClusterException {
    return options.fixedPorts() ? ports.prefer(wanted) : ports.any();
  }

  /**
   * A node that came first may have been ready with all slots before the others took their share: a
   * put in the middle of that would be told to try again.
   */
  private void awaitSpread() throws IOException {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    try {
      while (!isSpread()) {
        if (System.nanoTime() > deadline) {
          throw new LocalClusterException(
              "the slots were not spread over all nodes within %d s; see the logs in %s"
                  .formatted(START_PATIENCE.toSeconds(), folder.root()),
              null);
        }
        Thread.sleep(SPREAD_PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted while waiting for the slots", e);
    }
  }

  private boolean isSpread() throws IOException, InterruptedException {
    for (LocalNode node : nodes) {
      if (scrape(node).sum("larder_slots_owned") == 0) {
        return false;
      }
    }
    return isSettled();
  }

  /**
   * Whether every node answers, the nodes together hold every slot's put-lease, and every owner has
   * heard what the nodes hold.
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

  private List<LocalNode> place() throws IOException {
    int existing = folder.existingNodes();
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
              site(nodeId).host(),
              port(FIRST_PORT + i),
              port(FIRST_HTTP_PORT + i),
              device,
              home));
    }
    return List.copyOf(placed);
  }

  private void awaitReady(LocalNode node) throws LocalClusterException {
    Readiness.await(
        http, processes.get(node.nodeId()), node.host(), node.httpPort(), START_PATIENCE);
  }

  /** The nodes, in order; the same whether they run or not. */
  public List<LocalNode> nodes() {
    return nodes;
  }

  /** The names of the ZooKeeper servers' processes; empty if there is one within this process. */
  public List<String> zooKeepers() {
    return zooKeepers;
  }

  /** The process id of a node. */
  public long pid(LocalNode node) {
    return processes.get(node.nodeId()).pid();
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

  /** The name of the coordinator that says it leads; null if none does now. */
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
          .read(START_PATIENCE)
          .orElseThrow(() -> new IOException("no answer from ZooKeeper at " + zooKeeperAddress))
          .nodes()
          .forEach(node -> incarnations.put(node.nodeId(), node.incarnation()));
      return incarnations;
    }
  }

  /** Where everything lies. */
  public Path root() {
    return folder.root();
  }

  /** Leaves the folder where it is when this is closed, though it is a temporary one. */
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

  /** Stops a process as a machine that hangs would: it neither runs nor ends (SIGSTOP). */
  public void freeze(String name) throws IOException {
    processes.get(name).freeze();
  }

  /** Lets a frozen process run on (SIGCONT). */
  public void thaw(String name) throws IOException {
    processes.get(name).thaw();
  }

  /** Ends a process in order. */
  public void stop(String name) {
    processes.stop(List.of(name));
  }

  /** Starts a process that has ended once more, where it was; does not wait for it. */
  public void start(String name) throws IOException {
    ChildProcess _ = processes.again(name);
  }

  /**
   * Starts a node again at its address and on its device.
   *
   * @return milliseconds from the start of its process to readiness
   */
  public long restart(LocalNode node) throws IOException {
    long start = System.nanoTime();
    start(node.nodeId());
    awaitReady(node);
    return Duration.ofNanos(System.nanoTime() - start).toMillis();
  }

  /** What a node's metrics say now. */
  public Scrape scrape(LocalNode node) throws IOException, InterruptedException {
    return Scrape.of(http, node.host(), node.httpPort());
  }

  /** The names of the processes that have ended without being asked to. */
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
    try {
      folder.close();
    } catch (IOException e) {
      System.err.println("larder: " + folder.root() + " was not removed: " + e);
    }
  }
}
