package io.larder.coordinator.lease;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.Layout;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.ZooKeeperOptions;
import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ZooKeeper session of a node, from connecting to its end. It has a handle of its own, not a
 * retrying client's: an operation of a session that ended must never come true in the next.
 *
 * <p>Threads: {@link #step} on the session's thread, {@link #beat} on the heartbeat's, {@link
 * #event} and the heartbeats' answers on ZooKeeper's; they share volatile flags and the {@link
 * Fence}.
 */
final class Incarnation {
  private static final Logger log = LoggerFactory.getLogger(Incarnation.class);
  private static final long IDLE_MS = 60_000;
  private static final long FIRST_RETRY_MS = 100;
  private static final long LAST_RETRY_MS = 500;
  private static final int CLOSE_WAIT_MS = 1_000;
  private static final int MAX_BEATS_IN_FLIGHT = 16;

  private final ZooKeeperOptions options;
  private final NodeRecord self;
  private final Paths paths;
  private final NanoClock clock;
  private final Runnable wake;
  private final ZooKeeper zooKeeper;
  private final ImageReader reader;
  private final LeaseTransactions leases;
  private final SlotClaims claims;
  private final AtomicInteger beatsInFlight = new AtomicInteger();

  private volatile Fence fence = Fence.closed();
  private volatile boolean connected;
  private volatile boolean expired;
  private volatile boolean laidOut;
  private volatile boolean imageStale = true;
  private volatile long incarnation;
  private volatile int claimed;

  private int negotiatedMs;
  private boolean registered;
  private ClusterImage image = ClusterImage.EMPTY;
  private BitSet heldByOthers = new BitSet();
  private int @Nullable [] unsureClaim;
  private int @Nullable [] unsureDelete;
  private long retryMs = FIRST_RETRY_MS;

  /** Begins to connect; returns at once. */
  Incarnation(ZooKeeperOptions options, NodeRecord self, NanoClock clock, Runnable wake)
      throws IOException {
    this.options = options;
    this.self = self;
    this.clock = clock;
    this.wake = wake;
    this.paths = new Paths(options.cluster());
    this.reader = new ImageReader(paths);
    this.claims = new SlotClaims(self.nodeId());
    this.zooKeeper = new ZooKeeper(options.connect(), options.sessionTimeoutMs(), this::event);
    this.leases = new LeaseTransactions(zooKeeper, paths, self.nodeId());
  }

  Fence fence() {
    return fence;
  }

  boolean isConnected() {
    return connected;
  }

  /** Whether the servers said that the session is no more. */
  boolean isExpired() {
    return expired;
  }

  int claimedCount() {
    return claimed;
  }

  ZooKeeper handle() {
    return zooKeeper;
  }

  /** Whether the node is registered and holds every slot the table gives it. */
  boolean isComplete() {
    return registered && !imageStale && claims.isComplete(image.slots());
  }

  private void event(WatchedEvent event) {
    if (event.getType() == Event.EventType.None) {
      switch (event.getState()) {
        case SyncConnected, ConnectedReadOnly, SaslAuthenticated -> {
          imageStale =
              true; // watches are re-armed by the client, but one read is cheap and certain
          connected = true;
        }
        case Disconnected -> connected = false;
        case Expired, AuthFailed, Closed -> {
          connected = false;
          fence.end();
          expired = true;
        }
        default -> log.debug("ZooKeeper event {}", event);
      }
    } else {
      imageStale = true;
    }
    wake.run();
  }

  /** Writes one heartbeat; its answer moves the fence. Never blocks. */
  void beat() {
    if (!connected || !laidOut || beatsInFlight.get() >= MAX_BEATS_IN_FLIGHT) {
      return;
    }
    Fence current = fence;
    beatsInFlight.incrementAndGet();
    long sentNs = clock.nowNs();
    zooKeeper.setData(
        paths.heartbeat(self.nodeId()),
        new Heartbeat(incarnation, claimed).encode(),
        -1,
        (code, _, _, _) -> {
          beatsInFlight.decrementAndGet();
          switch (KeeperException.Code.get(code)) {
            case OK -> current.acknowledged(sentNs);
            case NONODE -> {
              laidOut = false;
              wake.run();
            }
            default -> log.debug("heartbeat failed with code {}", code);
          }
        },
        null);
  }

  /**
   * Does what is to be done now and says in how many milliseconds to come back, unless woken
   * before.
   */
  long step(NodeSession.Listener listener) throws KeeperException, InterruptedException {
    if (!connected) {
      return IDLE_MS;
    }
    openFence();
    if (!laidOut) {
      Layout.ensure(zooKeeper, paths);
      Layout.ensure(zooKeeper, paths.heartbeat(self.nodeId()), new Heartbeat(0, 0).encode());
      laidOut = true;
    }
    if (!registered) {
      register();
      registered = true;
      beat(); // the fence opens at the second heartbeat: no need to wait for the timer's
      listener.onSession(incarnation);
    }
    settle(listener);
    if (imageStale) {
      readImage();
      listener.onImage(image);
    }
    release(listener);
    return claim(listener);
  }

  private void readImage() throws KeeperException, InterruptedException {
    imageStale = false; // before the read: a change during it counts
    boolean read = false;
    try {
      image = reader.read(zooKeeper, true);
      read = true;
    } finally {
      if (!read) {
        imageStale = true;
      }
    }
  }

  private void openFence() {
    int now = zooKeeper.getSessionTimeout();
    if (now != negotiatedMs) {
      negotiatedMs = now;
      long windowMs = ZooKeeperOptions.grantWindowMs(now, options.tickMs());
      if (windowMs <= 2L * options.heartbeatMs()) {
        log.error(
            "ZooKeeper granted a session timeout of {} ms, which leaves no time to grant put-leases "
                + "with tickMs {} and heartbeatMs {}: raise its maxSessionTimeout",
            now,
            options.tickMs(),
            options.heartbeatMs());
      }
      fence = new Fence(windowMs);
    }
  }

  private void register() throws KeeperException, InterruptedException {
    if (incarnation == 0) {
      long sentNs = clock.nowNs();
      byte[] data = new Heartbeat(0, 0).encode();
      incarnation = zooKeeper.setData(paths.heartbeat(self.nodeId()), data, -1).getMzxid();
      fence.acknowledged(sentNs);
    }
    NodeRecord record = self.withIncarnation(incarnation);
    try {
      zooKeeper.create(
          paths.node(self.nodeId(), incarnation),
          record.encode(),
          ZooDefs.Ids.OPEN_ACL_UNSAFE,
          CreateMode.EPHEMERAL);
    } catch (KeeperException.NodeExistsException _) {
      // The name has a zxid of this session in it: ours, created before a lost answer.
      log.debug("already registered");
    }
    log.info(
        "registered as {} incarnation {} in cluster {} (session 0x{}, timeout {} ms)",
        self.nodeId(),
        Long.toHexString(incarnation),
        options.cluster(),
        Long.toHexString(zooKeeper.getSessionId()),
        negotiatedMs);
  }

  /** Finds out what became of transactions whose answers were lost. */
  private void settle(NodeSession.Listener listener) throws KeeperException, InterruptedException {
    int[] claim = unsureClaim;
    if (claim != null) {
      long epoch = leases.epochOf(claim[0]);
      unsureClaim = null;
      if (epoch != 0) {
        hold(claim, epoch, listener);
      }
    }
    int[] delete = unsureDelete;
    if (delete != null) {
      long epoch = leases.epochOf(delete[0]);
      unsureDelete = null;
      if (epoch == 0) {
        claims.deleted(delete);
      }
    }
  }

  private void release(NodeSession.Listener listener) throws KeeperException, InterruptedException {
    int[] slots = claims.toRelease(image.slots());
    if (slots.length > 0) {
      claims.released(slots);
      claimed = claims.claimedCount();
      listener.onReleased(slots);
    }
    for (int[] batch : claims.toDelete()) {
      unsureDelete = batch;
      try {
        leases.delete(batch);
      } catch (KeeperException.NoNodeException _) {
        unsureDelete = null; // not one fate for all: each is looked at
        log.error("put-leases of slots {}… were deleted by someone else", batch[0]);
        for (int slot : batch) {
          if (leases.epochOf(slot) != 0) {
            leases.delete(new int[] {slot});
          }
        }
      }
      unsureDelete = null;
      claims.deleted(batch);
    }
  }

  private long claim(NodeSession.Listener listener) throws KeeperException, InterruptedException {
    SlotTable table = image.slots();
    for (int[] batch : claims.toClaim(table, heldByOthers)) {
      // Claims go on only from a table known to be the newest; a change comes first.
      if (imageStale) {
        return 0;
      }
      int after = claims.claimedCount() + batch.length;
      unsureClaim = batch;
      switch (leases.claim(batch, table.version(), new Heartbeat(incarnation, after))) {
        case LeaseTransactions.Outcome.Claimed(long epoch) -> {
          unsureClaim = null;
          hold(batch, epoch, listener);
        }
        case LeaseTransactions.Outcome.StaleTable _ -> {
          unsureClaim = null;
          imageStale = true;
          return 0;
        }
        case LeaseTransactions.Outcome.HeldByOthers(BitSet slots) -> {
          unsureClaim = null;
          if (slots.isEmpty() || heldByOthers.equals(slots)) {
            heldByOthers = new BitSet();
            return FIRST_RETRY_MS;
          }
          heldByOthers = slots;
          return 0; // those that are free, now
        }
        case LeaseTransactions.Outcome.Unknown _ -> {
          return FIRST_RETRY_MS;
        }
      }
    }
    if (claims.isComplete(table)) {
      retryMs = FIRST_RETRY_MS;
      heldByOthers = new BitSet();
      return IDLE_MS;
    }
    // Others still hold some: a session that is ending, or a node that has not yet let go.
    heldByOthers = new BitSet();
    long wait = retryMs;
    retryMs = Math.min(LAST_RETRY_MS, retryMs + FIRST_RETRY_MS);
    return wait;
  }

  private void hold(int[] slots, long epoch, NodeSession.Listener listener) {
    claims.claimed(slots);
    claimed = claims.claimedCount();
    retryMs = FIRST_RETRY_MS;
    listener.onClaimed(slots, epoch);
  }

  /** Someone removed the cluster's parents: create them again. */
  void layOutAgain() {
    laidOut = false;
  }

  /** Ends the session: closed at once for grants, and at the servers if they are in reach. */
  void end() throws InterruptedException {
    fence.end();
    connected = false;
    zooKeeper.close(CLOSE_WAIT_MS);
  }
}
