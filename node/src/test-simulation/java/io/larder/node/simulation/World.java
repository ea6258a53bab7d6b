package io.larder.node.simulation;

import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The state that all parts of one simulation share. */
final class World implements AutoCloseable {
  static final Keyspace KEYSPACE = new Keyspace("simulation");

  final Schedule schedule;
  final Profile profile;
  final Mutant mutant;
  final MemoryPool pool = new MemoryPool(2 << 20, 0);
  final SimulatedNetwork network;
  final SimulatedZooKeeper zooKeeper;
  final Checker checker;
  final List<SimulatedNode> nodes = new ArrayList<>();
  private final boolean traced;
  private final StringBuilder trace = new StringBuilder();
  private @Nullable String violation;

  World(long seed, Mutant mutant, boolean traced) {
    this.schedule = new Schedule(seed);
    this.profile = Profile.draw(schedule);
    this.mutant = mutant;
    this.traced = traced;
    this.network = new SimulatedNetwork(this);
    this.zooKeeper = new SimulatedZooKeeper(this);
    this.checker = new Checker(this);
    for (int i = 0; i < profile.nodes(); i++) {
      nodes.add(new SimulatedNode(this, i));
    }
  }

  SimulatedNode node(String id) {
    return nodes.get(Integer.parseInt(id.substring(id.indexOf('-') + 1)));
  }

  /** Notes an event, if the run is traced. */
  void note(String who, Supplier<String> what) {
    if (traced) {
      trace.append(
          String.format(Locale.ROOT, "%12.6f  %-8s %s%n", schedule.nowNs() / 1e9, who, what.get()));
    }
  }

  /** A promise was broken: the first one counts. */
  void violated(String what) {
    note("", () -> "VIOLATED: " + what);
    if (violation == null) {
      violation = what;
    }
  }

  @Nullable String violation() {
    return violation;
  }

  String trace() {
    return trace.toString();
  }

  @Override
  public void close() {
    pool.close();
  }
}
