package io.larder.node.local;

import io.larder.coordinator.embedded.EmbeddedZooKeeper;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on this machine's loopback address: a real ZooKeeper server in this process, one
 * coordinator and the nodes each in a process of its own. None of them outlives this process,
 * whatever ends it.
 *
 * <p>Thread-safe. Closing it stops everything in order; a temporary folder goes with it.
 */
public final class LocalCluster implements AutoCloseable {
  /** The cluster's name in ZooKeeper and on the devices. */
  public static final String CLUSTER = "local";

  private static final String HOST = "127.0.0.1";
  private static final int ZOOKEEPER_PORT = 2181;
  private static final int COORDINATOR_HTTP_PORT = 9378;
  private static final int FIRST_PORT = 7379;
  private static final int FIRST_HTTP_PORT = 9379;
  private static final Duration START_PATIENCE = Duration.ofSeconds(60);
  private static final Duration SPREAD_PAUSE = Duration.ofMillis(100);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(15);
  private static final List<String> COORDINATOR_JVM = List.of("-Xmx256m", "-XX:+UseSerialGC");
  private static final List<String> NODE_JVM = List.of("-Xmx1g");

  private final LocalClusterOptions options;
  private final ClusterFolder folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<LocalNode, ChildProcess> processes = new LinkedHashMap<>();
  private final Thread onExit = Thread.ofPlatform().name("cluster-stop").unstarted(this::stop);
  private volatile @Nullable EmbeddedZooKeeper zooKeeper;
  private volatile @Nullable ChildProcess coordinator;
  private volatile int coordinatorHttpPort;
  private boolean stopped;

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
    Ports ports = new Ports();
    say.accept("starting ZooKeeper, a coordinator and the nodes in " + folder.root());
    EmbeddedZooKeeper server =
        EmbeddedZooKeeper.start(
            folder.zooKeeper(), options.fixedPorts() ? ports.prefer(ZOOKEEPER_PORT) : ports.any());
    zooKeeper = server;
    int httpPort = options.fixedPorts() ? ports.prefer(COORDINATOR_HTTP_PORT) : ports.any();
    coordinatorHttpPort = httpPort;
    ChildProcess leader =
        ChildProcess.start(
            "the coordinator",
            folder.root().resolve("coordinator.log"),
            COORDINATOR_JVM,
            LocalConfiguration.coordinator(server.address(), HOST + ":" + httpPort));
    coordinator = leader;
    for (LocalNode node : place(ports)) {
      LocalDevice.prepare(node, options);
      launch(node);
    }
    for (LocalNode node : nodes()) {
      awaitReady(node, process(node));
    }
    Readiness.await(http, leader, HOST, httpPort, START_PATIENCE);
    awaitSpread();
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
    long owned = 0;
    for (LocalNode node : nodes()) {
      Scrape scrape = scrape(node);
      double slots = scrape.sum("larder_slots_owned");
      if (slots == 0 || scrape.sum("larder_directory_slots_syncing") > 0) {
        return false;
      }
      owned += (long) slots;
    }
    return owned == Slots.COUNT;
  }

  private List<LocalNode> place(Ports ports) throws IOException {
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
    List<LocalNode> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path home = folder.node(i + 1);
      Path device = options.devices().isEmpty() ? home.resolve("device") : options.devices().get(i);
      boolean fixed = options.fixedPorts();
      nodes.add(
          new LocalNode(
              "node-" + (i + 1),
              HOST,
              fixed ? ports.prefer(FIRST_PORT + i) : ports.any(),
              fixed ? ports.prefer(FIRST_HTTP_PORT + i) : ports.any(),
              device,
              home));
    }
    return nodes;
  }

  private synchronized ChildProcess launch(LocalNode node) throws IOException {
    if (stopped) {
      throw new LocalClusterException("the cluster is being stopped", null);
    }
    List<String> arguments =
        LocalConfiguration.node(node, zooKeeperAddress(), options.memoryBytes());
    ChildProcess process = ChildProcess.start(node.nodeId(), node.log(), NODE_JVM, arguments);
    processes.put(node, process);
    return process;
  }

  private void awaitReady(LocalNode node, ChildProcess process) throws LocalClusterException {
    Readiness.await(http, process, node.host(), node.httpPort(), START_PATIENCE);
  }

  /** The nodes, in order; the same whether they run or not. */
  public synchronized List<LocalNode> nodes() {
    return List.copyOf(processes.keySet());
  }

  /** The process id of a node. */
  public long pid(LocalNode node) {
    return process(node).pid();
  }

  /** {@code host:port} of ZooKeeper. */
  public String zooKeeperAddress() {
    EmbeddedZooKeeper server = zooKeeper;
    if (server == null) {
      throw new IllegalStateException("ZooKeeper has not been started");
    }
    return server.address();
  }

  /** {@code host:port} of the coordinator's metrics, liveness and readiness. */
  public String coordinatorHttpAddress() {
    return HOST + ":" + coordinatorHttpPort;
  }

  /** Where everything lies. */
  public Path root() {
    return folder.root();
  }

  /** Kill -9 of a node; returns when its process is gone. */
  public void kill(LocalNode node) throws LocalClusterException {
    process(node).kill();
  }

  /**
   * Starts a node again at its address and on its device.
   *
   * @return milliseconds from the start of its process to readiness
   */
  public long restart(LocalNode node) throws IOException {
    long start = System.nanoTime();
    ChildProcess process = launch(node);
    awaitReady(node, process);
    return Duration.ofNanos(System.nanoTime() - start).toMillis();
  }

  /** What a node's metrics say now. */
  public Scrape scrape(LocalNode node) throws IOException, InterruptedException {
    return Scrape.of(http, node.host(), node.httpPort());
  }

  /** The names of the processes that have ended without being asked to. */
  public synchronized List<String> ended() {
    List<String> ended = new ArrayList<>();
    if (stopped) {
      return ended;
    }
    ChildProcess leader = coordinator;
    if (leader != null && !leader.isAlive()) {
      ended.add(leader.name());
    }
    for (ChildProcess process : processes.values()) {
      if (!process.isAlive()) {
        ended.add(process.name());
      }
    }
    return ended;
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
    List<ChildProcess> nodes = new ArrayList<>(processes.values());
    stopAll(nodes);
    ChildProcess leader = coordinator;
    if (leader != null) {
      stopAll(List.of(leader));
    }
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

  private static void stopAll(List<ChildProcess> children) {
    children.forEach(ChildProcess::requestStop);
    long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
    for (ChildProcess child : children) {
      try {
        child.awaitStop(deadline);
      } catch (LocalClusterException e) {
        System.err.println("larder: " + e.getMessage());
      }
    }
  }

  private synchronized ChildProcess process(LocalNode node) {
    ChildProcess process = processes.get(node);
    if (process == null) {
      throw new IllegalArgumentException(node + " is not of this cluster");
    }
    return process;
  }
}
