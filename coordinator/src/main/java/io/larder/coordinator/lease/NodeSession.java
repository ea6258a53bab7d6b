package io.larder.coordinator.lease;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's life in ZooKeeper: one session after another, each a new incarnation. It registers the
 * node, writes heartbeats, claims the put-leases of the slots that the table gives to the node, and
 * gives back those that it takes away.
 *
 * <p>* Thread-safe. While ZooKeeper is out of reach it logs that and retries without end; after the
 * end of a session it begins a new one.
 */
public final class NodeSession implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeSession.class);
  private static final long RETRY_MS = 200;
  private static final long UNREADABLE_RETRY_MS = 2_000;
  private static final long FIRST_COMPLAINT_MS = 3_000;
  private static final long COMPLAINT_MS = 30_000;
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(3);

  /**
   * The node's callbacks. All calls come from one thread, in order, and delay claims while they
   * run, but never heartbeats. Their exceptions are logged and otherwise ignored.
   */
  public interface Listener {
    /** The cluster changed, or was read again. Follows {@link #onSession} of the session. */
    void onImage(ClusterImage image);

    /**
     * A session begins; every slot must be claimed anew. Other nodes see the incarnation only after
     * this has returned.
     */
    void onSession(long incarnation);

    /**
     * The put-leases of these slots are held by this session, since {@code epoch}: the zxid of the
     * claim, greater than that of any earlier claim of these slots. The last image passed to {@link
     * #onImage} was read after the claim: it has every node that may hold records under an earlier
     * one.
     */
    void onClaimed(int[] slots, long epoch);

    /**
     * These slots belong to another node now: the node must stop granting before it returns. Their
     * znodes are deleted, and the next owner begins, only after that.
     */
    void onReleased(int[] slots);

    /** The session ended and with it every claim; a new session follows. */
    void onSessionLost();
  }

  private final ZooKeeperOptions options;
  private final NodeRecord self;
  private final Listener listener;
  private final LongSupplier records;
  private final NanoClock clock;
  private final Semaphore wake = new Semaphore(0);
  private final Thread worker;
  private final ScheduledExecutorService heart;
  private final LongAdder claimedEver = new LongAdder();

  private volatile @Nullable Incarnation current;
  private volatile ClusterImage image = ClusterImage.EMPTY;
  private volatile boolean announced;
  private volatile boolean ready;
  private volatile boolean closing;
  private long complainAtNs;

  private NodeSession(
      ZooKeeperOptions options,
      NodeRecord self,
      Listener listener,
      LongSupplier records,
      NanoClock clock) {
    this.options = options;
    this.self = self;
    this.listener = new Guarded(listener);
    this.records = records;
    this.clock = clock;
    this.worker = Thread.ofPlatform().daemon().name("larder-session").unstarted(this::run);
    this.heart =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("larder-heartbeat").factory());
  }

  /**
   * Starts and returns at once, whether or not ZooKeeper is in reach.
   *
   * @param self the record to register; its incarnation is ignored
   * @param records supplies the number of records that the node holds; called often, must not block
   */
  public static NodeSession start(
      ZooKeeperOptions options, NodeRecord self, Listener listener, LongSupplier records) {
    return start(options, self, listener, records, BootClock.open());
  }

  static NodeSession start(
      ZooKeeperOptions options,
      NodeRecord self,
      Listener listener,
      LongSupplier records,
      NanoClock clock) {
    NodeSession session = new NodeSession(options, self, listener, records, clock);
    session.worker.start();
    var _ =
        session.heart.scheduleAtFixedRate(
            session::beat, options.heartbeatMs(), options.heartbeatMs(), TimeUnit.MILLISECONDS);
    return session;
  }

  /**
   * Whether the node may still arbitrate the slots it has claimed. Call this before every grant,
   * commit, delete and drop, and again after any step that may have stalled. It costs one reading
   * of the clock and does not allocate.
   */
  public boolean mayGrant() {
    Incarnation incarnation = current;
    return incarnation != null && incarnation.fence().isOpen(clock.nowNs());
  }

  /**
   * Milliseconds until {@link #mayGrant()} turns false unless a heartbeat succeeds; 0 if it is
   * false.
   */
  public long remainingMs() {
    Incarnation incarnation = current;
    return incarnation == null ? 0 : incarnation.fence().remainingMs(clock.nowNs());
  }

  /**
   * Whether this process has registered, read the slot table and claimed its slots. Stays true
   * through later outages of ZooKeeper, because gets go on.
   */
  public boolean isReady() {
    return ready;
  }

  /** Whether the session's connection to a ZooKeeper server is up now. */
  public boolean isConnected() {
    Incarnation incarnation = current;
    return incarnation != null && incarnation.isConnected();
  }

  /** How many slots' put-leases the session holds now. */
  public int claimedCount() {
    Incarnation incarnation = current;
    return incarnation == null ? 0 : incarnation.claimedCount();
  }

  /** The cluster as last read; {@link ClusterImage#EMPTY} before. */
  public ClusterImage image() {
    return image;
  }

  /** Registers this session's gauges and counter. */
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("larder.slots.owned", this, NodeSession::claimedCount)
        .description("Slots whose put-leases this node holds")
        .register(registry);
    Gauge.builder("larder.topology.version", this, s -> s.image().slots().version())
        .description("Version of the slot table last read; -1 before")
        .register(registry);
    Gauge.builder("larder.lease.remaining", this, s -> s.remainingMs() / 1000.0)
        .description("Time until this node must stop granting unless a heartbeat succeeds")
        .baseUnit("seconds")
        .register(registry);
    Gauge.builder("larder.zookeeper.connected", this, s -> s.isConnected() ? 1 : 0)
        .description("1 while the connection to ZooKeeper is up")
        .register(registry);
    FunctionCounter.builder("larder.slots.claims", claimedEver, LongAdder::doubleValue)
        .description("Put-leases of slots claimed since the start")
        .register(registry);
  }

  /** The handle of the session in progress, for tests that end it from outside. */
  @Nullable ZooKeeper handle() {
    Incarnation incarnation = current;
    return incarnation == null ? null : incarnation.handle();
  }

  private void beat() {
    Incarnation incarnation = current;
    if (incarnation == null) {
      return;
    }
    try {
      incarnation.beat();
    } catch (RuntimeException e) {
      LOG.warn("a heartbeat could not be sent", e); // an exception would end the schedule
    }
  }

  private void run() {
    try {
      while (!closing) {
        long waitMs = turn();
        wake.tryAcquire(waitMs, TimeUnit.MILLISECONDS);
        wake.drainPermits();
      }
    } catch (InterruptedException _) {
      LOG.debug("session thread interrupted");
    }
    Incarnation last = current;
    if (last != null) {
      try {
        last.end();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private long turn() throws InterruptedException {
    Incarnation incarnation = current;
    try {
      if (incarnation != null && incarnation.isExpired()) {
        lost(incarnation);
        incarnation = null;
      }
      if (incarnation == null) {
        incarnation = new Incarnation(options, self, records, clock, wake::release);
        complainAtNs = clock.nowNs() + TimeUnit.MILLISECONDS.toNanos(FIRST_COMPLAINT_MS);
        announced = false;
        current = incarnation;
      }
      complainWhileOutOfReach(incarnation);
      long waitMs = incarnation.step(listener);
      ready |= incarnation.isComplete();
      return incarnation.isConnected() ? waitMs : FIRST_COMPLAINT_MS;
    } catch (KeeperException.SessionExpiredException | KeeperException.AuthFailedException e) {
      if (incarnation != null) {
        lost(incarnation);
      }
      return 0;
    } catch (KeeperException.NoNodeException e) {
      LOG.warn("{} is missing in ZooKeeper: creating it again", e.getPath());
      if (incarnation != null) {
        incarnation.layOutAgain();
      }
      return RETRY_MS;
    } catch (KeeperException e) {
      LOG.debug("ZooKeeper: {}", e.getMessage());
      return RETRY_MS;
    } catch (IOException | RuntimeException e) {
      LOG.error("node {} cannot follow the cluster: {}", self.nodeId(), e.getMessage(), e);
      return UNREADABLE_RETRY_MS;
    }
  }

  private void lost(Incarnation incarnation) throws InterruptedException {
    LOG.warn(
        "the ZooKeeper session of node {} ended: its {} put-leases are void, a new session begins",
        self.nodeId(),
        incarnation.claimedCount());
    incarnation.fence().end();
    current = null;
    if (announced) {
      announced = false;
      listener.onSessionLost();
    }
    incarnation.end();
  }

  private void complainWhileOutOfReach(Incarnation incarnation) {
    long now = clock.nowNs();
    if (incarnation.isConnected()) {
      complainAtNs = now + TimeUnit.MILLISECONDS.toNanos(FIRST_COMPLAINT_MS);
    } else if (now >= complainAtNs) {
      complainAtNs = now + TimeUnit.MILLISECONDS.toNanos(COMPLAINT_MS);
      LOG.warn(
          "ZooKeeper at {} is out of reach: start it or correct the address; retrying",
          options.connect());
    }
  }

  /**
   * Ends the session: its claims vanish at once if ZooKeeper is in reach, else with its timeout.
   */
  @Override
  public void close() {
    closing = true;
    Incarnation incarnation = current;
    if (incarnation != null) {
      incarnation.fence().end();
    }
    heart.shutdownNow();
    wake.release();
    try {
      if (!worker.join(CLOSE_WAIT)) {
        worker.interrupt();
        worker.join(CLOSE_WAIT);
      }
    } catch (InterruptedException _) {
      worker.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  /** Catches the node's exceptions, and keeps the session's own state current. */
  private final class Guarded implements Listener {
    private final Listener node;

    Guarded(Listener node) {
      this.node = node;
    }

    @Override
    public void onImage(ClusterImage read) {
      image = read;
      tell("onImage", () -> node.onImage(read));
    }

    @Override
    public void onSession(long incarnation) {
      announced = true;
      tell("onSession", () -> node.onSession(incarnation));
    }

    @Override
    public void onClaimed(int[] slots, long epoch) {
      claimedEver.add(slots.length);
      LOG.info("claimed {} slots, epoch {}", slots.length, Long.toHexString(epoch));
      tell("onClaimed", () -> node.onClaimed(slots, epoch));
    }

    @Override
    public void onReleased(int[] slots) {
      LOG.info("releasing {} slots that belong to other nodes now", slots.length);
      tell("onReleased", () -> node.onReleased(slots));
    }

    @Override
    public void onSessionLost() {
      tell("onSessionLost", node::onSessionLost);
    }

    private void tell(String what, Runnable call) {
      try {
        call.run();
      } catch (RuntimeException e) {
        LOG.error("{} failed", what, e);
      }
    }
  }
}
