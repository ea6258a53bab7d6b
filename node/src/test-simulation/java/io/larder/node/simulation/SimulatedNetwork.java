package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;

import java.util.Arrays;

/**
 * The network between nodes, and between nodes and ZooKeeper: messages are delayed, and so
 * reordered, lost, doubled, and stopped where a direction of a link is cut. Harsher than TCP, whose
 * broken connections lose what was in flight.
 *
 * <p>Places: nodes by their index, then ZooKeeper.
 */
final class SimulatedNetwork {
  private static final long MIN_DELAY_NS = 50_000;
  private static final long MAX_DELAY_NS = 2 * MS;

  /** As late as an answer may be and still be heard: the deadline of most questions. */
  private static final long MAX_SLOW_NS = 990 * MS;

  private final World world;
  private final int zooKeeper;
  private final long[][] cutUntilNs;
  private final long[][] slowUntilNs;
  private boolean calm;

  SimulatedNetwork(World world) {
    this.world = world;
    this.zooKeeper = world.profile.nodes();
    this.cutUntilNs = new long[zooKeeper + 1][zooKeeper + 1];
    this.slowUntilNs = new long[zooKeeper + 1][zooKeeper + 1];
  }

  int zooKeeper() {
    return zooKeeper;
  }

  /** Nothing passes from one place to the other for a while. */
  void cut(int from, int to, long ns) {
    cutUntilNs[from][to] = Math.max(cutUntilNs[from][to], world.schedule.nowNs() + ns);
  }

  /** Messages from one node to the other are slow during this time. */
  void slow(int from, int to, long ns) {
    slowUntilNs[from][to] = Math.max(slowUntilNs[from][to], world.schedule.nowNs() + ns);
  }

  /** Ends all faults. */
  void heal() {
    calm = true;
    for (long[] row : cutUntilNs) {
      Arrays.fill(row, 0);
    }
  }

  boolean isCut(int from, int to, long atNs) {
    return atNs < cutUntilNs[from][to];
  }

  /** How long a message takes. */
  long delayNs() {
    Schedule schedule = world.schedule;
    return !calm && schedule.chance(world.profile.slow())
        ? schedule.between(MAX_DELAY_NS, Math.max(MAX_DELAY_NS + 1, world.profile.slowNs()))
        : schedule.between(MIN_DELAY_NS, MAX_DELAY_NS);
  }

  /** Sends one message, which leaves when the sender runs. */
  void send(SimulatedNode from, int to, Runnable deliver) {
    if (!calm && world.schedule.chance(world.profile.lose())) {
      return;
    }
    transmit(from, to, deliver);
    if (!calm && world.schedule.chance(world.profile.twice())) {
      transmit(from, to, deliver);
    }
  }

  private void transmit(SimulatedNode from, int to, Runnable deliver) {
    long leavesNs = from.runsAgainNs();
    if (isCut(from.index(), to, leavesNs)) {
      return;
    }
    boolean slow = !calm && leavesNs < slowUntilNs[from.index()][to];
    world.schedule.at(
        leavesNs + (slow ? world.schedule.between(MAX_DELAY_NS, MAX_SLOW_NS) : delayNs()),
        () -> {
          if (!isCut(from.index(), to, world.schedule.nowNs())) {
            deliver.run();
          }
        });
  }
}
