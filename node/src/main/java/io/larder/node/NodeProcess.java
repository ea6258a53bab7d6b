package io.larder.node;

import io.larder.coordinator.http.OpsServer;
import io.larder.coordinator.http.Readiness;
import io.larder.coordinator.lease.NodeSession;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.config.NodeConfig;
import io.larder.node.directory.Rules;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerLinks;
import io.larder.node.router.Router;
import io.larder.node.router.cluster.Timing;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.larder.node.service.Member;
import io.larder.node.store.StoreException;
import io.larder.node.store.log.LogStore;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: the one place where its parts are wired together.
 *
 * <p>It opens its parts in the order of the staircase, from the device up to the sockets, and joins
 * the cluster last. It closes them in reverse, also if a later part fails to open.
 */
public final class NodeProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeProcess.class);

  private final LogStore store;
  private final MemoryPool pool;
  private final Router router;
  private final RespServer server;
  private final OpsServer ops;

  /** Closes the open parts, the last one opened first. */
  private final Deque<Runnable> closers;

  // Set last: metrics and health are served, and the port is known, before the node registers.
  private final AtomicReference<@Nullable NodeSession> session = new AtomicReference<>();
  private final AtomicBoolean wasReady = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  private NodeProcess(NodeConfig config, PrometheusMeterRegistry registry, Deque<Runnable> closers)
      throws IOException {
    this.closers = closers;
    Keyspace keyspace = new Keyspace(config.cluster());
    this.pool = new MemoryPool(config.memory().poolBytes(), config.readFloorBytes());
    closers.push(pool::close);
    HotTier hot = new HotTier(config.hotBytes(), System::nanoTime);
    closers.push(hot::clear);
    this.store = LogStore.open(config.storeConfig(), pool);
    closers.push(store::close);
    new NodeMetrics(store, pool).bindTo(registry);
    requireCluster(config);
    String nodeId = store.identity().nodeId();
    String password = password(config);
    PeerLinks peers =
        new PeerLinks(
            pool,
            nodeId,
            password,
            NodeTls.ofPeers(config.tls()),
            config.limits().peerDeadlineMs());
    closers.push(peers::close);
    this.router =
        new Router(
            config.cluster(),
            nodeId,
            keyspace,
            pool,
            store,
            hot,
            peers,
            this::mayGrant,
            Rules.STANDARD,
            Timing.ofProcess(),
            registry);
    closers.push(router::close);
    closers.push(this::endSession); // closed after the server, whose last requests need its leases
    this.server = RespServer.start(serverConfig(config, password), router, registry);
    closers.push(server::close);
    this.ops =
        OpsServer.start(config.http().host(), config.http().port(), registry, this::readiness);
    closers.push(ops::close);
    NodeRecord self =
        new NodeRecord(
            nodeId,
            0,
            advertisedHost(config),
            server.port(),
            ops.port(),
            config.zone(),
            store.identity().capacityBytes(),
            version(),
            store.identity().deviceUuid().toString());
    NodeSession started =
        NodeSession.start(
            config.zookeeper().options(config.cluster()),
            self,
            new Listener(router, peers),
            store::records);
    session.set(started);
    started.bindTo(registry);
    LOG.info(
        "node {} of cluster {} serves {} on {}:{}, metrics on port {}",
        nodeId,
        config.cluster(),
        config.device(),
        self.host(),
        server.port(),
        ops.port());
  }

  /**
   * Opens the device, binds the ports and joins the cluster; returns when that is under way, not
   * when ZooKeeper has answered.
   *
   * @throws StoreException if the device cannot be used; the message says what to do
   * @throws IOException if a port or the password file cannot be used
   */
  public static NodeProcess start(NodeConfig config) throws IOException {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Deque<Runnable> closers = new ArrayDeque<>();
    try {
      return new NodeProcess(config, registry, closers);
    } catch (IOException | RuntimeException e) {
      closeAll(closers);
      throw e;
    }
  }

  /** Begins to make the whole memory pool present, for a node that has its process to itself. */
  public void prefaultMemory() {
    pool.prefault();
  }

  /** The RESP port. */
  public int port() {
    return server.port();
  }

  /** The port of metrics and health. */
  public int httpPort() {
    return ops.port();
  }

  /** The node's id, as its device names it. */
  public String nodeId() {
    return store.identity().nodeId();
  }

  /**
   * Ready once this node has registered, the whole slot table has owners and every node has
   * announced its blocks. It stays ready through later outages of ZooKeeper, since gets go on.
   */
  public Readiness readiness() {
    if (wasReady.get()) {
      return Readiness.yes();
    }
    NodeSession current = session.get();
    if (current == null || !current.isReady()) {
      return Readiness.no(
          current != null && current.isConnected()
              ? "registering and claiming slots in ZooKeeper"
              : "ZooKeeper is out of reach; retrying");
    }
    int unowned = current.image().slots().unowned();
    if (unowned > 0) {
      return Readiness.no(unowned + " slots have no owner: is a coordinator running?");
    }
    int unclaimed =
        current.image().slots().slotsOf(store.identity().nodeId()).length - current.claimedCount();
    if (unclaimed > 0) {
      return Readiness.no(unclaimed + " slots are still to be claimed in ZooKeeper");
    }
    if (!current.mayGrant()) {
      return Readiness.no("no proof of contact with ZooKeeper yet: waiting for its heartbeats");
    }
    int syncing = router.syncingSlots();
    if (syncing > 0) {
      return Readiness.no(syncing + " slots wait for the other nodes to announce their blocks");
    }
    int unannounced = router.unannouncedSlots();
    if (unannounced > 0) {
      return Readiness.no(
          "the owners of " + unannounced + " slots have not asked for this node's blocks yet");
    }
    wasReady.set(true);
    return Readiness.yes();
  }

  /**
   * Stops: completes the requests in progress, gives the slots back, writes a checkpoint, and
   * closes device and memory.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    closeAll(closers);
  }

  /** Runs the closers, the newest first; each one even if those before it fail. */
  private static void closeAll(Deque<Runnable> closers) {
    Runnable newest = closers.poll();
    if (newest != null) {
      try {
        newest.run();
      } finally {
        closeAll(closers);
      }
    }
  }

  private void endSession() {
    NodeSession last = session.get();
    if (last != null) {
      last.close();
    }
  }

  private static ServerConfig serverConfig(NodeConfig config, @Nullable String password)
      throws IOException {
    ServerConfig.Waits waits = ServerConfig.Waits.DEFAULT;
    long setMs = config.limits().setWaitMs();
    long plainSetMs = config.limits().plainSetWaitMs();
    long commandMs = waits.commandMs() + Math.max(setMs, plainSetMs);
    return ServerConfig.at(config.listen().host(), config.listen().port())
        .withTransport(config.listen().transport())
        .withEventLoops(config.listen().eventLoops())
        .withMaxConnections(config.limits().maxConnections())
        .withPassword(password)
        .withTls(NodeTls.ofServer(config.tls()))
        .withPlainSessions(config.limits().plainSessions())
        .withWaits(new ServerConfig.Waits(waits.memoryMs(), setMs, plainSetMs, commandMs));
  }

  private boolean mayGrant() {
    NodeSession current = session.get();
    return current != null && current.mayGrant();
  }

  private void requireCluster(NodeConfig config) {
    String formattedFor = store.identity().cluster();
    if (!formattedFor.equals(config.cluster())) {
      throw new StoreException(
          "%s belongs to cluster '%s', not '%s': set `cluster: %s`, or format it anew with `larder device format --force`"
              .formatted(config.device(), formattedFor, config.cluster(), formattedFor));
    }
  }

  private static @Nullable String password(NodeConfig config) throws IOException {
    NodeConfig.Security security = config.security();
    if (!security.passwordFile().isEmpty()) {
      return Files.readString(Path.of(security.passwordFile())).strip();
    }
    return security.password().isEmpty() ? null : security.password();
  }

  private static String advertisedHost(NodeConfig config) throws UnknownHostException {
    NodeConfig.Listen listen = config.listen();
    if (!listen.advertisedHost().isEmpty()) {
      return listen.advertisedHost();
    }
    InetAddress bound = InetAddress.getByName(listen.host());
    return bound.isAnyLocalAddress() ? InetAddress.getLocalHost().getHostAddress() : listen.host();
  }

  private static String version() {
    String version = NodeProcess.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** Passes the news from ZooKeeper on to router and peer links. */
  private record Listener(Router router, PeerLinks peers) implements NodeSession.Listener {
    @Override
    public void onImage(ClusterImage image) {
      Map<Member, PeerLinks.Address> members = new HashMap<>();
      image
          .nodes()
          .values()
          .forEach(node ->
              members.put(
                  new Member(node.nodeId(), node.incarnation()),
                  new PeerLinks.Address(node.host(), node.port())));
      peers.setMembers(members);
      router.onImage(image);
    }

    @Override
    public void onSession(long incarnation) {
      router.onSession(incarnation);
    }

    @Override
    public void onClaimed(int[] slots, long epoch) {
      router.onClaimed(slots, epoch);
    }

    @Override
    public void onReleased(int[] slots) {
      var _ = router.onReleased(slots).join();
    }

    @Override
    public void onSessionLost() {
      var _ = router.onSessionLost().join();
    }
  }
}
