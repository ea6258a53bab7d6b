package io.larder.node.simulation;

import io.larder.node.directory.Deadlines;
import io.larder.node.hot.HotTier;
import io.larder.node.router.Router;
import io.larder.node.router.cluster.Timing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/**
 * One process of a node, from its start to its crash or stop: production code but for its edges.
 */
final class NodeLife {
  private static final long HOT_BYTES = 1 << 20;

  private final World world;
  private final SimulatedNode node;
  private final SimulatedStore store;
  private final SimulatedTransport transport;
  private final SimulatedSession session;
  private final Router router;
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private boolean alive = true;
  private long diedNs;

  NodeLife(World world, SimulatedNode node, SimulatedDisk disk) {
    this.world = world;
    this.node = node;
    SimulatedTimer timer = new SimulatedTimer(this, node::nanoClock);
    this.store = new SimulatedStore(world, this, disk);
    this.transport = new SimulatedTransport(world, this, timer);
    this.session = new SimulatedSession(world, this);
    this.router =
        new Router(
            "simulation",
            node.id(),
            World.KEYSPACE,
            world.pool,
            store,
            new HotTier(HOT_BYTES, node::nanoClock),
            transport,
            this::mayGrant,
            world.mutant,
            new Timing(timer, node::nanoClock, Deadlines.withPutLease(world.profile.putLeaseMs())),
            registry);
    session.start();
  }

  /** The fence; now and then the node stalls right after it has checked the fence. */
  private boolean mayGrant() {
    boolean open = world.mutant == Mutant.FENCE || session.mayGrant();
    node.maybeStall();
    return open;
  }

  SimulatedNode node() {
    return node;
  }

  Router router() {
    return router;
  }

  SimulatedStore store() {
    return store;
  }

  SimulatedTransport transport() {
    return transport;
  }

  SimulatedSession session() {
    return session;
  }

  boolean isAlive() {
    return alive;
  }

  /** When it ended. */
  long diedNs() {
    return diedNs;
  }

  /** An event of the process runs at once, or after its pause, or never if it is dead by then. */
  void run(Runnable event) {
    if (!alive) {
      return;
    }
    long runsNs = node.runsAgainNs();
    if (runsNs > world.schedule.nowNs()) {
      // After the pause all events are due at once, in any order.
      world.schedule.at(runsNs + world.schedule.below(1_000_000), () -> run(event));
      return;
    }
    try {
      event.run();
    } catch (RuntimeException | AssertionError e) {
      failed("an event threw", e);
    }
  }

  void after(long delayNs, Runnable event) {
    world.schedule.after(delayNs, () -> run(event));
  }

  /** Production code did not catch a failure. */
  void failed(String what, Throwable failure) {
    if (alive) {
      world.violated(node.id() + ": " + what + ": " + failure);
    }
  }

  /** kill -9. */
  void crash() {
    alive = false;
    diedNs = world.schedule.nowNs();
    router.close();
  }

  /** A graceful stop: the session is closed, then the process ends. */
  void stop() {
    session.close();
    crash();
  }
}
