package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;

import org.jspecify.annotations.Nullable;

/**
 * A machine with a device: it runs a node's process, which may crash and start again, and may stall
 * as a whole, with its monotonic clock running (SIGSTOP, a long collection) or standing still (a
 * suspended machine).
 */
final class SimulatedNode {
  private final World world;
  private final int index;
  private final SimulatedDisk disk = new SimulatedDisk();
  private final long clockOffsetNs;
  private final long logicalOffsetMs;
  private long sleptNs;
  private long pausedNs;
  private long runsAgainNs;
  private @Nullable NodeLife life;

  SimulatedNode(World world, int index) {
    this.world = world;
    this.index = index;
    this.clockOffsetNs = world.schedule.between(1, 1_000_000 * SECOND);
    this.logicalOffsetMs = 1_000_000L + world.schedule.below(50);
  }

  int index() {
    return index;
  }

  String id() {
    return "node-" + index;
  }

  SimulatedDisk disk() {
    return disk;
  }

  /** Whether the device has a copy and no process that serves it. */
  boolean hasUnseen(Checker.Attempt attempt) {
    return life == null && disk.holdsPut(attempt.number);
  }

  /** The running process, or null. */
  @Nullable NodeLife life() {
    return life;
  }

  /** CLOCK_MONOTONIC: not while the machine sleeps. */
  long nanoClock() {
    return world.schedule.nowNs() + clockOffsetNs - sleptNs;
  }

  /** CLOCK_BOOTTIME. */
  long bootClock() {
    return world.schedule.nowNs() + clockOffsetNs;
  }

  /** The clock for expiries; the nodes' clocks differ a little. */
  long logicalNowMs() {
    return world.schedule.nowNs() / MS + logicalOffsetMs;
  }

  /** Now, or when the stall is over. */
  long runsAgainNs() {
    return Math.max(runsAgainNs, world.schedule.nowNs());
  }

  /** When its last stall was, or will be, over. */
  long stalledUntilNs() {
    return runsAgainNs;
  }

  /** For how long it has been stalled in all. */
  long pausedNs() {
    return pausedNs;
  }

  void start() {
    if (life == null) {
      world.note(id(), () -> "starts");
      life = new NodeLife(world, this, disk);
    }
  }

  void crash() {
    NodeLife current = life;
    if (current != null) {
      world.note(id(), () -> "crashes");
      current.crash();
      life = null;
    }
  }

  void stop() {
    NodeLife current = life;
    if (current != null) {
      world.note(id(), () -> "stops");
      current.stop();
      life = null;
    }
  }

  /** Nothing runs for a while; events of that time wait. */
  void pause(long ns, boolean asleep) {
    if (runsAgainNs <= world.schedule.nowNs()) {
      world.note(id(), () -> (asleep ? "sleeps for " : "stalls for ") + ns / MS + " ms");
      runsAgainNs = world.schedule.nowNs() + ns;
      pausedNs += ns;
      if (asleep) {
        world.schedule.at(runsAgainNs, () -> sleptNs += ns);
      }
    }
  }

  void maybeStall() {
    if (!world.checker.isCalm() && world.schedule.chance(world.profile.stall())) {
      pause(world.schedule.between(MS, 12 * SECOND), false);
    }
  }
}
