package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Key;
import io.larder.node.service.Found;
import io.larder.node.simulation.SimulatedDisk.Entry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run: a cluster starts, clients use it while faults happen, then the faults end and the
 * cluster must settle. The seed decides everything.
 */
final class ClusterSimulation {
  /** More events than a sound run has: beyond them there must be an endless loop. */
  private static final long MAX_EVENTS = 2_000_000;

  /** After the last fault: sessions end, slots are claimed, two comparisons pass, leases end. */
  private static final long SETTLE_NS = 100 * SECOND;

  private static final String[] NAMES = {"{a}1", "{b}1", "{c}1", "{a}2"};

  private ClusterSimulation() {}

  /**
   * Runs a seed.
   *
   * @throws AssertionError if a promise is broken, with the history of the run
   */
  static void check(long seed) {
    if (run(seed, Mutant.NOTHING, false).violation() != null) {
      Outcome again = run(seed, Mutant.NOTHING, true);
      throw new AssertionError(
          "seed %d: %s%nreplay it with -Dlarder.sim.seed=%d%n%s"
              .formatted(seed, again.violation(), seed, again.trace()));
    }
  }

  static Outcome run(long seed, Mutant mutant, boolean traced) {
    try (World world = new World(seed, mutant, traced)) {
      UnexpectedErrors.of(world);
      run(world);
      return new Outcome(world.violation(), world.trace());
    } finally {
      UnexpectedErrors.of(null);
    }
  }

  private static void run(World world) {
    List<Key> keys = new ArrayList<>();
    for (int i = 0; i < world.profile.keys(); i++) {
      String name = world.profile.slots() == 1 ? "{a}" + i : NAMES[i % NAMES.length];
      keys.add(World.KEYSPACE.key(name.getBytes(UTF_8)));
    }
    int[] slots = keys.stream().mapToInt(Key::slot).distinct().toArray();
    Chaos chaos = new Chaos(world, slots);
    List<SimulatedClient> clients = new ArrayList<>();
    for (int i = 0; i < world.profile.clients(); i++) {
      clients.add(new SimulatedClient(world, keys, i));
    }
    world.note("", () -> world.profile.toString());
    world.nodes.forEach(SimulatedNode::start);
    chaos.start();
    clients.forEach(SimulatedClient::start);
    if (!runUntil(world, 2 * SECOND + world.profile.chaosNs())) {
      return;
    }
    world.note("", () -> "---- all is well from now on");
    chaos.end();
    if (!runUntil(world, world.schedule.nowNs() + 10 * SECOND)) {
      return;
    }
    clients.forEach(SimulatedClient::end);
    if (runUntil(world, world.schedule.nowNs() + SETTLE_NS)) {
      settled(world, keys);
    }
  }

  /** False if something was violated before. */
  private static boolean runUntil(World world, long endNs) {
    while (world.violation() == null) {
      if (!world.schedule.step(endNs)) {
        return true;
      }
      if (world.schedule.events() > MAX_EVENTS) {
        world.violated("more than " + MAX_EVENTS + " events");
      }
    }
    return false;
  }

  /** Each key has one holder, every node finds it, and nothing is left open. */
  private static void settled(World world, List<Key> keys) {
    for (SimulatedNode node : world.nodes) {
      NodeLife life = node.life();
      if (life == null || !life.session().mayGrant()) {
        world.violated(node.id() + " has not come back");
        return;
      }
      for (String gauge :
          List.of("larder.directory.leases.open", "larder.directory.slots.syncing")) {
        double open = life.registry.get(gauge).gauge().value();
        if (open != 0) {
          world.violated(node.id() + ": " + gauge + " is " + open + " when all is settled");
        }
      }
    }
    for (Key key : keys) {
      List<String> holders = new ArrayList<>();
      Entry held = null;
      for (SimulatedNode node : world.nodes) {
        NodeLife life = node.life();
        Entry entry = life == null ? null : life.store().held(key);
        if (entry != null) {
          if (world.checker.isKnownVoid(entry)) {
            world.violated("put " + entry.put() + ", deleted, is on " + node.id() + " in the end");
          }
          holders.add(node.id());
          held = entry;
        }
      }
      if (holders.size() > 1) {
        world.violated(key + " is settled on " + holders);
      }
      if (holders.isEmpty() && world.checker.mustBeThere(key)) {
        world.violated(key + " was acknowledged and is nowhere");
      }
      for (SimulatedNode node : world.nodes) {
        locate(world, node, key, holders, held);
      }
    }
    runUntil(world, world.schedule.nowNs() + 5_000 * MS);
  }

  /** Every node finds the key where it is. */
  private static void locate(
      World world, SimulatedNode node, Key key, List<String> holders, @Nullable Entry held) {
    NodeLife life = node.life();
    if (life == null) {
      return;
    }
    life.run(() ->
        Futures.whenDone(
            life.router().locate(List.of(key)),
            (places, failure) -> {
              List<String> found = new ArrayList<>();
              if (places != null && places.getFirst() != null) {
                found.add(places.getFirst().nodeId());
              }
              if (failure != null || !found.equals(holders)) {
                world.violated(
                    "%s is on %s, but %s finds it on %s"
                        .formatted(key, holders, node.id(), failure == null ? found : failure));
              }
            }));
    life.run(() ->
        Futures.<@Nullable Found>whenDone(
            life.router().get(key),
            (found, _) -> {
              if (found != null) {
                found.block().payload().release();
                world.checker.read(node, key, world.schedule.nowNs(), found.block());
              }
              boolean right =
                  held == null
                      ? found == null
                      : found != null && found.block().id().equals(held.token());
              if (!right) {
                world.violated(
                    "%s is on %s as put %s, but a read at %s gives %s"
                        .formatted(
                            key,
                            holders,
                            held == null ? "none" : held.put(),
                            node.id(),
                            found == null
                                ? "a miss"
                                : "put %d out of %s"
                                    .formatted(
                                        Checker.attemptOf(found.block().metadata()),
                                        found.tier())));
              }
            }));
  }
}
