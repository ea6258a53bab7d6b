package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.coordinator.registry.SlotTable;
import io.larder.node.service.ClientId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The faults, each at its own times, and the coordinator that assigns the slots. */
final class Chaos {
  private static final long COORDINATOR_NS = 250 * MS;
  private static final ClientId COORDINATOR = new ClientId(-2);

  private final World world;
  private final int[] slots;
  private final long reassignAfterNs;
  private final long[] awaySinceNs;
  private boolean over;

  Chaos(World world, int[] slots) {
    this.world = world;
    this.slots = slots;
    this.reassignAfterNs = world.schedule.between(300 * MS, 10 * SECOND);
    this.awaySinceNs = new long[world.nodes.size()];
  }

  void start() {
    coordinate();
    Profile profile = world.profile;
    every(profile.crashNs(), this::crash);
    every(profile.stopNs(), () -> restartLater(anyNode(), true));
    every(profile.pauseNs(), () -> anyNode().pause(duration(14 * SECOND), false));
    every(
        profile.pauseNs(),
        () -> {
          if (world.schedule.chance(0.3)) {
            anyNode().pause(duration(14 * SECOND), true);
          }
        });
    every(profile.cutNs(), this::cut);
    every(profile.cutZooKeeperNs(), this::cutZooKeeper);
    every(
        profile.serverFailsNs(),
        () -> world.zooKeeper.fail(world.zooKeeper.anyServer(), duration(15 * SECOND)));
    every(
        profile.evictNs(),
        () -> {
          NodeLife life = anyNode().life();
          if (life != null) {
            life.run(() -> life.store().evictOne());
          }
        });
    every(profile.moveSlotNs(), this::moveSlot);
    every(profile.handOverNs(), this::handOver);
    every(profile.moveRecordsNs(), this::moveRecords);
  }

  /** Ends all faults. */
  void end() {
    over = true;
    world.checker.calm();
    world.network.heal();
    world.zooKeeper.heal();
    world.nodes.forEach(SimulatedNode::start);
  }

  private void every(long meanNs, Runnable fault) {
    if (meanNs > 0) {
      world.schedule.after(
          world.schedule.exponential(meanNs),
          () -> {
            if (!over) {
              fault.run();
              every(meanNs, fault);
            }
          });
    }
  }

  private long duration(long maxNs) {
    return world.schedule.between(10 * MS, maxNs);
  }

  private SimulatedNode anyNode() {
    return world.nodes.get(world.schedule.below(world.nodes.size()));
  }

  private void crash() {
    if (world.schedule.chance(0.1)) { // the power fails in the whole room
      world.nodes.forEach(node -> restartLater(node, false));
    } else {
      restartLater(anyNode(), false);
    }
  }

  private void restartLater(SimulatedNode node, boolean gracefully) {
    if (gracefully) {
      node.stop();
    } else {
      node.crash();
    }
    world.schedule.after(duration(15 * SECOND), node::start);
  }

  private void cut() {
    SimulatedNode node = anyNode();
    long ns = duration(15 * SECOND);
    int other = world.schedule.below(world.nodes.size());
    int how = world.schedule.below(4);
    world.note("network", () -> node.id() + " is cut off for " + ns / MS + " ms, way " + how);
    for (int peer = 0; peer < world.nodes.size(); peer++) {
      boolean all = how < 2;
      if (all || peer == other) {
        world.network.cut(node.index(), peer, ns);
        if (how % 2 == 0) {
          world.network.cut(peer, node.index(), ns);
        }
      }
    }
  }

  private void cutZooKeeper() {
    SimulatedNode node = anyNode();
    long ns = duration(15 * SECOND);
    int how = world.schedule.below(3);
    world.note("network", () -> node.id() + " is cut from ZooKeeper, way " + how);
    if (how != 1) {
      world.network.cut(node.index(), world.network.zooKeeper(), ns);
    }
    if (how != 2) {
      world.network.cut(world.network.zooKeeper(), node.index(), ns);
    }
  }

  // ---- the coordinator ----

  private void coordinate() {
    world.schedule.after(
        COORDINATOR_NS,
        () -> {
          assign();
          coordinate();
        });
  }

  /** Gives the slots of nodes that are away too long, and those without an owner, to others. */
  private void assign() {
    SimulatedZooKeeper zooKeeper = world.zooKeeper;
    if (!zooKeeper.hasQuorum()) {
      return;
    }
    List<String> live = new ArrayList<>();
    for (SimulatedNode node : world.nodes) {
      if (zooKeeper.incarnationOf(node.id()) != 0) {
        live.add(node.id());
        awaySinceNs[node.index()] = world.schedule.nowNs();
      }
    }
    SlotTable read = zooKeeper.slots();
    @Nullable String[] owners = null;
    for (int slot : slots) {
      String owner = read.owner(slot);
      boolean needed =
          owner == null
              || world.schedule.nowNs() - awaySinceNs[world.node(owner).index()] > reassignAfterNs;
      if (needed && !live.isEmpty()) {
        owners = owners == null ? read.toOwners() : owners;
        owners[slot] = live.get(world.schedule.below(live.size()));
      }
    }
    if (owners != null) {
      write(read, owners);
    }
  }

  private void moveSlot() {
    SlotTable read = world.zooKeeper.slots();
    @Nullable String[] owners = read.toOwners();
    owners[slots[world.schedule.below(slots.length)]] = anyNode().id();
    write(read, owners);
  }

  /** A slot changes hands while its owner's answers to one node are still on their way. */
  private void handOver() {
    String owner = world.zooKeeper.slots().owner(slots[0]);
    if (owner != null) {
      SimulatedNode writer = anyNode();
      world.note("network", () -> "what " + owner + " says to " + writer.id() + " is slow");
      world.network.slow(world.node(owner).index(), writer.index(), duration(500 * MS));
      world.schedule.after(duration(300 * MS), this::moveSlot);
    }
  }

  private void write(SlotTable read, @Nullable String[] owners) {
    world.schedule.after(
        world.network.delayNs(),
        () -> {
          world.zooKeeper.setSlots(SlotTable.of(owners, -1), read.version());
        });
  }

  private void moveRecords() {
    NodeLife life = anyNode().life();
    Map<String, ?> live = world.zooKeeper.nodes();
    SimulatedNode to = anyNode();
    if (life != null && life.node() != to && live.containsKey(to.id())) {
      List<byte[]> arguments =
          Stream.of(to.id(), "1000000", "0").map(word -> word.getBytes(UTF_8)).toList();
      life.run(() -> {
        world.note(life.node().id(), () -> "is to move its records to " + to.id());
        life.router().peer("PEER.MOVE", arguments, COORDINATOR);
      });
    }
  }
}
