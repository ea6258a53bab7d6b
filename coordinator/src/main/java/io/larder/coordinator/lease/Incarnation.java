package io.larder.coordinator.lease;

import io.larder.coordinator.lease.SessionProtocol.Step;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.Layout;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.ZooKeeperOptions;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ZooKeeper session of a node, from connecting to its end. It has a raw handle, not a retrying
 * client: an operation of an ended session must never take effect in the next.
 *
 * <p>Threads: {@link #step} on the session's thread, {@link #beat} on the heartbeat's, {@link
 * #event} and the heartbeats' replies on ZooKeeper's; they share volatile flags and the {@link
 * Fence}.
 */
final class Incarnation {
  private static final Logger LOG = LoggerFactory.getLogger(Incarnation.class);
  private static final int CLOSE_WAIT_MS = 1_000;
  private static final int MAX_BEATS_IN_FLIGHT = 16;

  private final ZooKeeperOptions options;
  private final NodeRecord self;
  private final LongSupplier records;
  private final Paths paths;
  private final NanoClock clock;
  private final Runnable wake;
  private final ZooKeeper zooKeeper;
  private final ImageReader reader;
  private final LeaseTransactions leases;
  private final SessionProtocol protocol;
  private final AtomicInteger beatsInFlight = new AtomicInteger();

  private volatile Fence fence = Fence.closed();
  private volatile boolean connected;
  private volatile boolean expired;
  private int negotiatedMs;

  /** Begins to connect; returns at once. */
  Incarnation(
      ZooKeeperOptions options,
      NodeRecord self,
      LongSupplier records,
      NanoClock clock,
      Runnable wake)
      throws IOException {
    this.options = options;
    this.self = self;
    this.records = records;
    this.clock = clock;
    this.wake = wake;
    this.paths = new Paths(options.cluster());
    this.reader = new ImageReader(paths);
    this.protocol = new SessionProtocol(self.nodeId());
    this.zooKeeper = new ZooKeeper(options.connect(), options.sessionTimeoutMs(), this::event);
    this.leases = new LeaseTransactions(zooKeeper, paths, self.nodeId());
  }

  Fence fence() {
    return fence;
  }

  boolean isConnected() {
    return connected;
  }

  /** Whether the servers have reported the end of the session. */
  boolean isExpired() {
    return expired;
  }

  int claimedCount() {
    return protocol.claimedCount();
  }

  ZooKeeper handle() {
    return zooKeeper;
  }

  /** Whether the node is registered and holds every slot the table gives it. */
  boolean isComplete() {
    return protocol.isComplete();
  }

  private void event(WatchedEvent event) {
    if (event.getType() == Event.EventType.None) {
      switch (event.getState()) {
        case SyncConnected, ConnectedReadOnly, SaslAuthenticated -> {
          protocol.imageChanged(); // the client sets watches again, but a read is cheap and certain
          connected = true;
        }
        case Disconnected -> connected = false;
        case Expired, AuthFailed, Closed -> {
          connected = false;
          fence.end();
          expired = true;
        }
        default -> LOG.debug("ZooKeeper event {}", event);
      }
    } else {
      protocol.imageChanged();
    }
    wake.run();
  }

  /** Writes one heartbeat; its reply moves the fence. Never blocks. */
  void beat() {
    if (!connected || !protocol.isLaidOut() || beatsInFlight.get() >= MAX_BEATS_IN_FLIGHT) {
      return;
    }
    Fence current = fence;
    beatsInFlight.incrementAndGet();
    long sentNs = clock.nowNs();
    zooKeeper.setData(
        paths.heartbeat(self.nodeId()),
        heartbeat(protocol.incarnation(), protocol.claimedCount()).encode(),
        -1,
        (code, _, _, _) -> {
          beatsInFlight.decrementAndGet();
          switch (KeeperException.Code.get(code)) {
            case OK -> current.acknowledged(sentNs);
            case NONODE -> {
              protocol.layOutAgain();
              wake.run();
            }
            default -> LOG.debug("heartbeat failed with code {}", code);
          }
        },
        null);
  }

  /** Executes the next steps; returns the milliseconds until the next call, unless woken before. */
  long step(NodeSession.Listener listener) throws KeeperException, InterruptedException {
    if (!connected) {
      return SessionProtocol.IDLE_MS;
    }
    openFence();
    for (; ; ) {
      switch (protocol.next()) {
        case Step.LayOut _ -> {
          Layout.ensure(zooKeeper, paths);
          Layout.ensure(zooKeeper, paths.heartbeat(self.nodeId()), heartbeat(0, 0).encode());
          protocol.laidOut();
        }
        case Step.Begin _ -> begin();
        case Step.Register(long incarnation) -> register(incarnation);
        case Step.TellSession(long incarnation) -> {
          beat(); // the fence opens at the second heartbeat: send it without waiting for the timer
          listener.onSession(incarnation);
        }
        case Step.FindEpoch(int slot) -> protocol.found(leases.epochOf(slot));
        case Step.ReadImage _ -> readImage(listener);
        case Step.TellReleased(int[] slots) -> {
          listener.onReleased(slots);
          protocol.released(slots);
        }
        case Step.Delete(int[] slots) -> delete(slots);
        case Step.Claim(int[] slots, int version, int after) -> {
          protocol.claimed(
              slots, leases.claim(slots, version, heartbeat(protocol.incarnation(), after)));
        }
        case Step.TellClaimed(int[] slots, long epoch) -> listener.onClaimed(slots, epoch);
        case Step.Wait(long ms) -> {
          return ms;
        }
      }
    }
  }

  private Heartbeat heartbeat(long incarnation, int claimed) {
    return new Heartbeat(incarnation, claimed, records.getAsLong());
  }

  private void readImage(NodeSession.Listener listener)
      throws KeeperException, InterruptedException {
    ClusterImage image = null;
    try {
      image = reader.read(zooKeeper, true);
    } finally {
      protocol.read(image);
    }
    listener.onImage(image);
  }

  private void openFence() {
    int now = zooKeeper.getSessionTimeout();
    if (now != negotiatedMs) {
      negotiatedMs = now;
      long windowMs = ZooKeeperOptions.grantWindowMs(now, options.tickMs());
      if (windowMs <= 2L * options.heartbeatMs()) {
        LOG.error(
            "ZooKeeper granted a session timeout of {} ms, which leaves no time to grant put-leases "
                + "with zookeeper.tickMs {} and a heartbeat every {} ms: raise its maxSessionTimeout",
            now,
            options.tickMs(),
            options.heartbeatMs());
      }
      fence = new Fence(windowMs);
    }
  }

  private void begin() throws KeeperException, InterruptedException {
    long sentNs = clock.nowNs();
    byte[] data = heartbeat(0, 0).encode();
    protocol.begun(zooKeeper.setData(paths.heartbeat(self.nodeId()), data, -1).getMzxid());
    fence.acknowledged(sentNs);
  }

  private void register(long incarnation) throws KeeperException, InterruptedException {
    NodeRecord record = self.withIncarnation(incarnation);
    try {
      zooKeeper.create(
          paths.node(self.nodeId(), incarnation),
          record.encode(),
          ZooDefs.Ids.OPEN_ACL_UNSAFE,
          CreateMode.EPHEMERAL);
    } catch (KeeperException.NodeExistsException _) {
      LOG.debug("already registered"); // by a request whose reply was lost
    }
    protocol.registered();
    LOG.info(
        "registered as {} incarnation {} in cluster {} (session 0x{}, timeout {} ms)",
        self.nodeId(),
        Long.toHexString(incarnation),
        options.cluster(),
        Long.toHexString(zooKeeper.getSessionId()),
        negotiatedMs);
  }

  private void delete(int[] slots) throws KeeperException, InterruptedException {
    try {
      leases.delete(slots);
    } catch (KeeperException.NoNodeException _) {
      LOG.error("put-leases of slots {}… were deleted by another client", slots[0]);
      for (int slot : slots) { // they may differ: each is checked
        if (leases.epochOf(slot) != 0) {
          leases.delete(new int[] {slot});
        }
      }
    }
    protocol.deleted(slots);
  }

  /** Creates the cluster's parents again after another client removed them. */
  void layOutAgain() {
    protocol.layOutAgain();
  }

  /** Ends the session: at once for grants, and at the servers if they are in reach. */
  void end() throws InterruptedException {
    fence.end();
    connected = false;
    zooKeeper.close(CLOSE_WAIT_MS);
  }
}
