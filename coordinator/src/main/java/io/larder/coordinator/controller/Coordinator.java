package io.larder.coordinator.controller;

import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.Layout;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTableFormat;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.ConnectionOptions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A coordinator: it takes part in the leader election and, while it leads, reads the cluster four
 * times a second and writes the slot tables that {@link Assignment} proposes.
 *
 * <p>A leader that was frozen believes in its leadership for a while after it wakes. Correctness
 * does not depend on that belief: the table is written by compare-and-set on the version it was
 * derived from, on the raw handle and never retried; a late leader fails and reads again.
 *
 * <p>Thread-safe; never gives up while ZooKeeper is out of reach.
 */
public final class Coordinator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
  private static final int TURN_MS = 250;
  private static final int CONNECTION_TIMEOUT_MS = 5_000;
  private static final long COMPLAINT_NS = TimeUnit.SECONDS.toNanos(30);
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final ZooKeeperOptions options;
  private final AssignmentOptions assignmentOptions;
  private final Paths paths;
  private final CuratorFramework curator;
  private final LeaderLatch latch;
  private final ImageReader reader;
  private final ClusterContents contents;
  private final Thread thread;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final LongAdder changes = new LongAdder();
  private final LongAdder movedBytes = new LongAdder();
  private final ConnectionOptions nodes;
  private @Nullable MoveRunner moves;
  private @Nullable Assignment term;
  private boolean laidOut;
  private long complainAtNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
  private volatile boolean reading;
  private volatile ClusterImage image = ClusterImage.EMPTY;

  private Coordinator(
      ZooKeeperOptions options, AssignmentOptions assignment, String id, ConnectionOptions nodes) {
    this.options = options;
    this.nodes = nodes;
    this.assignmentOptions = assignment;
    this.paths = new Paths(options.cluster());
    this.reader = new ImageReader(paths);
    this.contents = new ClusterContents(paths);
    this.curator =
        CuratorFrameworkFactory.builder()
            .connectString(options.connect())
            .sessionTimeoutMs(options.sessionTimeoutMs())
            .connectionTimeoutMs(CONNECTION_TIMEOUT_MS)
            .retryPolicy(new ExponentialBackoffRetry(200, 5, 2_000))
            // CURATOR-593: the tracker follows addresses that may not be reachable from here.
            .ensembleTracker(false)
            .build();
    this.latch = new LeaderLatch(curator, paths.coordinator(), id);
    this.thread = Thread.ofPlatform().daemon().name("larder-coordinator").unstarted(this::run);
  }

  /**
   * Starts and returns at once.
   *
   * @param id the name of this process in {@code larder status}, e.g. {@code host:pid}
   */
  public static Coordinator start(
      ZooKeeperOptions options, AssignmentOptions assignment, String id) {
    return start(options, assignment, id, ConnectionOptions.DEFAULTS);
  }

  /**
   * Starts and returns at once.
   *
   * @param nodes the options of connections to nodes, for moves
   */
  public static Coordinator start(
      ZooKeeperOptions options, AssignmentOptions assignment, String id, ConnectionOptions nodes) {
    Coordinator coordinator = new Coordinator(options, assignment, id, nodes);
    coordinator.curator.start();
    coordinator.thread.start();
    return coordinator;
  }

  /** Whether this process leads, as far as it knows. */
  public boolean isLeader() {
    return latch.hasLeadership();
  }

  /** Whether ZooKeeper answered the last request. */
  public boolean isConnected() {
    return reading;
  }

  /** The cluster as last read. */
  public ClusterImage image() {
    return image;
  }

  /** Registers this coordinator's gauges and counter. */
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("larder.coordinator.leader", this, c -> c.isLeader() ? 1 : 0)
        .description("1 while this coordinator leads")
        .register(registry);
    Gauge.builder("larder.zookeeper.connected", this, c -> c.isConnected() ? 1 : 0)
        .description("1 while ZooKeeper answers")
        .register(registry);
    Gauge.builder("larder.topology.version", this, c -> c.image().slots().version())
        .description("Version of the slot table last read; -1 before")
        .register(registry);
    Gauge.builder("larder.nodes.live", this, c -> c.image().nodes().size())
        .description("Nodes registered")
        .register(registry);
    Gauge.builder("larder.slots.unowned", this, c -> c.image().slots().unowned())
        .description("Slots that no node owns")
        .register(registry);
    FunctionCounter.builder("larder.topology.changes", changes, LongAdder::doubleValue)
        .description("Slot tables this coordinator has written")
        .register(registry);
    FunctionCounter.builder("larder.coordinator.moved", movedBytes, LongAdder::doubleValue)
        .description("Bytes of values moved off nodes on this coordinator's orders")
        .baseUnit("bytes")
        .register(registry);
  }

  private void run() {
    try {
      do {
        try {
          turn();
          reading = true;
        } catch (KeeperException | IOException e) {
          disconnected(e);
        } catch (InterruptedException e) {
          throw e;
        } catch (Exception e) {
          // Curator declares Exception; after any of them the next turn reads the cluster again.
          LOG.error("the coordinator of cluster {} failed this turn", options.cluster(), e);
        }
      } while (!closing.await(TURN_MS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException _) {
      LOG.debug("coordinator thread interrupted");
    }
  }

  private void turn() throws Exception {
    ZooKeeper zooKeeper = curator.getZookeeperClient().getZooKeeper();
    if (!laidOut) {
      // Before the latch, which would create its parent as a container that ZooKeeper removes.
      Layout.ensure(zooKeeper, paths);
      latch.start();
      laidOut = true;
      moves = MoveRunner.start(curator, paths, nodes, latch::hasLeadership, movedBytes);
    }
    image = reader.read(zooKeeper, false);
    if (!latch.hasLeadership()) {
      term = null;
      return;
    }
    long nowMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    Assignment assignment = term;
    if (assignment == null) {
      LOG.info("this coordinator leads cluster {}", options.cluster());
      assignment = new Assignment(assignmentOptions, nowMs);
      term = assignment;
    }
    boolean empty = image.hasNodeWithoutSlots() && contents.isEmpty(zooKeeper);
    Optional<SlotTable> proposed = assignment.propose(image, empty, nowMs);
    if (proposed.isPresent()) {
      write(zooKeeper, proposed.get());
    }
  }

  private void write(ZooKeeper zooKeeper, SlotTable table)
      throws KeeperException, InterruptedException {
    int moved = table.differences(image.slots());
    try {
      int version =
          zooKeeper
              .setData(paths.slots(), SlotTableFormat.encode(table), table.version())
              .getVersion();
      image = new ClusterImage(table.withVersion(version), image.nodes());
    } catch (KeeperException.BadVersionException _) {
      LOG.info("another coordinator changed the slot table first: reading it again");
      return;
    }
    changes.increment();
    LOG.info("{} slots get another owner; slots now: {}", moved, table.counts());
  }

  private void disconnected(Exception e) {
    reading = false;
    long now = System.nanoTime();
    if (now - complainAtNs >= 0) {
      complainAtNs = now + COMPLAINT_NS;
      LOG.warn(
          "ZooKeeper at {} is out of reach ({}): start it or correct the address; retrying",
          options.connect(),
          e.getMessage());
    }
  }

  /** Gives up the leadership and ends the session. */
  @Override
  public void close() {
    closing.countDown();
    try {
      if (!thread.join(CLOSE_WAIT)) {
        thread.interrupt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    MoveRunner runner = moves;
    if (runner != null) {
      runner.close();
    }
    try {
      if (latch.getState() == LeaderLatch.State.STARTED) {
        latch.close();
      }
    } catch (IOException e) {
      LOG.debug("the leader latch ends with the session", e);
    }
    curator.close();
  }
}
