package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An ensemble of three ZooKeeper servers, as far as nodes can see: Larder's znodes, with versions
 * and zxids, ephemerals that end with their sessions, watches, one order of writes.
 *
 * <p>Faithful where it matters: a session's requests and answers keep their order on a connection;
 * a follower tells the leader of its sessions' life only every half tick, so a failing one takes
 * the last news with it; a session ends no sooner than its timeout after the leader heard of it,
 * and at most a tick later; without a quorum nothing is answered and nothing expires, and every
 * session has its whole timeout when it is back. A reader behind its time is a late answer.
 */
final class SimulatedZooKeeper {
  private static final int SERVERS = 3;

  /** A put-lease's znode. */
  record PutLease(String nodeId, long session, long zxid, long sinceNs) {}

  private record Registered(NodeRecord node, long session) {}

  /** A session as the leader knows it. */
  private static final class Session {
    final long id;
    long expiresNs;

    Session(long id) {
      this.id = id;
    }
  }

  private final World world;
  private final Map<Long, Session> sessions = new TreeMap<>();
  private final Map<Integer, PutLease> putLeases = new HashMap<>();
  private final Map<String, Registered> nodes = new TreeMap<>();
  private final Set<ZooKeeperConnection> connections = new LinkedHashSet<>();
  private final long[] downUntilNs = new long[SERVERS];
  private SlotTable slots = SlotTable.of(new String[Slots.COUNT], 0);
  private int leader;
  private long quorumBackNs;
  private long zxid = 1L << 32;
  private long changes;

  SimulatedZooKeeper(World world) {
    this.world = world;
  }

  // ---- znodes ----

  SlotTable slots() {
    return slots;
  }

  /** The session's zxid of its put-lease, 0 if it has none. */
  long epochOf(long session, int slot) {
    PutLease lease = putLeases.get(slot);
    return lease != null && lease.session() == session ? lease.zxid() : 0;
  }

  @Nullable PutLease putLease(int slot) {
    return putLeases.get(slot);
  }

  Set<Integer> existingPutLeases() {
    return Set.copyOf(putLeases.keySet());
  }

  /** The live incarnation of a node, or 0. */
  long incarnationOf(String nodeId) {
    long incarnation = 0;
    for (Registered registered : nodes.values()) {
      if (registered.node().nodeId().equals(nodeId)) {
        incarnation = Math.max(incarnation, registered.node().incarnation());
      }
    }
    return incarnation;
  }

  Map<String, NodeRecord> nodes() {
    Map<String, NodeRecord> live = new HashMap<>();
    for (Registered registered : nodes.values()) {
      live.merge(
          registered.node().nodeId(),
          registered.node(),
          (a, b) -> a.incarnation() > b.incarnation() ? a : b);
    }
    return live;
  }

  ClusterImage image() {
    return new ClusterImage(slots, nodes());
  }

  /** Counts changes of the live nodes. */
  long membershipChanges() {
    return changes;
  }

  // ---- writes, each its own transaction ----

  private long nextZxid() {
    return ++zxid;
  }

  /** A write without effect but its zxid: a heartbeat. */
  long heartbeat() {
    return nextZxid();
  }

  void register(long session, NodeRecord node) {
    nextZxid();
    nodes.put(
        node.nodeId() + "-" + Long.toHexString(node.incarnation()), new Registered(node, session));
    changes++;
    world.note("zk", () -> "registers " + node.nodeId() + "-" + node.incarnation());
    changed();
  }

  /** Creates all these put-leases; the zxid. The caller has checked that it may. */
  long claim(String nodeId, long session, int[] claimed) {
    long epoch = nextZxid();
    for (int slot : claimed) {
      putLeases.put(slot, new PutLease(nodeId, session, epoch, world.schedule.nowNs()));
    }
    world.note("zk", () -> nodeId + " claims " + Arrays.toString(claimed) + ", epoch " + epoch);
    return epoch;
  }

  void deleteLeases(long session, int[] deleted) {
    nextZxid();
    for (int slot : deleted) {
      PutLease lease = putLeases.get(slot);
      if (lease != null && lease.session() == session) {
        putLeases.remove(slot);
      }
    }
  }

  /** A coordinator's compare-and-set; false if the version is another. */
  boolean setSlots(SlotTable table, int version) {
    if (!hasQuorum() || slots.version() != version) {
      return false;
    }
    nextZxid();
    slots = table.withVersion(version + 1);
    world.note("zk", () -> "slots " + slots.ranges());
    changed();
    return true;
  }

  private void changed() {
    for (ZooKeeperConnection connection : List.copyOf(connections)) {
      connection.fireWatch();
    }
  }

  // ---- sessions ----

  long openSession(long timeoutNs) {
    long id = nextZxid();
    Session session = new Session(id);
    session.expiresNs = world.schedule.nowNs() + timeoutNs;
    sessions.put(id, session);
    awaitExpiry(session);
    return id;
  }

  boolean isAlive(long session) {
    return sessions.containsKey(session);
  }

  /** The leader hears that a session lives. */
  void touch(long id) {
    Session session = sessions.get(id);
    if (session != null) {
      session.expiresNs = Math.max(session.expiresNs, world.schedule.nowNs() + timeoutNs());
    }
  }

  long timeoutNs() {
    return world.profile.sessionMs() * MS;
  }

  long tickNs() {
    return timeoutNs() / 3;
  }

  private void awaitExpiry(Session session) {
    long dueNs = Math.max(session.expiresNs, quorumBackNs + timeoutNs());
    world.schedule.at(
        dueNs,
        () -> {
          if (!sessions.containsKey(session.id)) {
            return;
          }
          if (world.schedule.nowNs() < session.expiresNs || !hasQuorum()) {
            awaitExpiry(session);
          } else {
            world.schedule.after(world.schedule.below((int) tickNs()), () -> expire(session));
          }
        });
  }

  private void expire(Session session) {
    if (world.schedule.nowNs() < session.expiresNs || !hasQuorum()) {
      awaitExpiry(session); // the leader has heard of it since
    } else {
      closeSession(session.id);
    }
  }

  void closeSession(long id) {
    if (sessions.remove(id) != null) {
      nextZxid();
      world.note("zk", () -> "session " + id + " ends");
      putLeases.values().removeIf(lease -> lease.session() == id);
      if (nodes.values().removeIf(registered -> registered.session() == id)) {
        changes++;
        changed();
      }
    }
  }

  // ---- servers ----

  boolean hasQuorum() {
    long nowNs = world.schedule.nowNs();
    int up = 0;
    for (long downNs : downUntilNs) {
      up += nowNs >= downNs ? 1 : 0;
    }
    return nowNs >= quorumBackNs && up > SERVERS / 2;
  }

  boolean isUp(int server) {
    return world.schedule.nowNs() >= downUntilNs[server];
  }

  boolean isLeader(int server) {
    return server == leader;
  }

  int anyServer() {
    return world.schedule.below(SERVERS);
  }

  /** A server is down for a while; if it led, another takes over after an election. */
  void fail(int server, long ns) {
    long nowNs = world.schedule.nowNs();
    world.note("zk", () -> "server " + server + " fails for " + ns / MS + " ms");
    downUntilNs[server] = Math.max(downUntilNs[server], nowNs + ns);
    for (ZooKeeperConnection connection : new ArrayList<>(connections)) {
      if (connection.server() == server) {
        connection.breaks();
      }
    }
    int up = 0;
    for (int i = 0; i < SERVERS; i++) {
      up += isUp(i) ? 1 : 0;
    }
    if (up <= SERVERS / 2 || server == leader) {
      long backNs = nowNs;
      if (up <= SERVERS / 2) {
        long[] sorted = downUntilNs.clone();
        Arrays.sort(sorted);
        backNs = sorted[SERVERS / 2];
      }
      quorumBackNs = Math.max(quorumBackNs, backNs + world.schedule.between(200 * MS, 1_000 * MS));
      leader = (leader + 1) % SERVERS;
      for (ZooKeeperConnection connection : new ArrayList<>(connections)) {
        connection.breaks(); // without a quorum servers close their connections
      }
      // The new leader gives every session its whole timeout.
      world.schedule.at(quorumBackNs, () -> sessions.keySet().forEach(this::touch));
    }
  }

  void heal() {
    Arrays.fill(downUntilNs, 0);
  }

  void opened(ZooKeeperConnection connection) {
    connections.add(connection);
  }

  void closed(ZooKeeperConnection connection) {
    connections.remove(connection);
  }

  /** The outcome of a request. */
  sealed interface Answer<T> {
    record Value<T>(T value) implements Answer<T> {}

    /** It is unknown whether the request took effect. */
    record ConnectionLoss<T>() implements Answer<T> {}

    record SessionExpired<T>() implements Answer<T> {}
  }

  /** Runs a session's request if the session lives. */
  <T> Answer<T> serve(long session, Supplier<T> request) {
    return isAlive(session) ? new Answer.Value<>(request.get()) : new Answer.SessionExpired<>();
  }
}
