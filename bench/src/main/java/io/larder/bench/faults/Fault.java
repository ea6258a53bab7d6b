package io.larder.bench.faults;

import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.Namespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/** A failure of a part of the cluster, which has recovered when {@link #strike} returns. */
public enum Fault {
  NODE_KILLED("kill -9 of a node, which returns at once", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.victim();
      context.cluster().kill(context.node(victim));
      context.hold(Duration.ofMillis(500));
      context.start(context.node(victim));
    }
  },
  NODE_AWAY("kill -9 of a node, which returns when its slots have other owners", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.victim();
      context.cluster().kill(context.node(victim));
      context.hold(PAST_SESSION);
      context.start(context.node(victim));
    }
  },
  NODE_FROZEN("SIGSTOP of a node past its session", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.victim();
      context.cluster().freeze(context.node(victim));
      context.hold(PAST_SESSION);
      context.cluster().thaw(context.node(victim));
    }
  },
  NODE_FROZEN_BRIEFLY("SIGSTOP of a node, again and again, within its session", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      for (int i = 0; i < 3; i++) {
        int victim = context.victim();
        context.cluster().freeze(context.node(victim));
        context.hold(Duration.ofMillis(1_500));
        context.cluster().thaw(context.node(victim));
        context.hold(Duration.ofMillis(500));
      }
    }
  },
  NODE_WITHOUT_ZOOKEEPER("a node is cut off from ZooKeeper past its session", true) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.victim();
      for (String server : context.cluster().zooKeepers()) {
        context.network().cut(context.node(victim), server);
      }
      context.hold(PAST_SESSION);
      context.network().heal();
    }
  },
  NODE_WITHOUT_PEERS("a node is cut off from the other nodes", true) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.cutOff();
      for (int other : context.others(victim)) {
        context.network().cut(context.node(victim), context.node(other));
      }
      context.hold(Duration.ofSeconds(5));
      context.network().heal();
    }
  },
  NODE_UNHEARD("what a node sends to another vanishes, and only that", true) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.cutOff();
      int other = context.others(victim).getFirst();
      context.network().cutOneWay(context.node(victim), context.node(other));
      context.hold(Duration.ofSeconds(5));
      context.network().heal();
    }
  },
  NODE_ISOLATED("a node is cut off from ZooKeeper and the nodes, not from clients", true) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.cutOff();
      for (int other : context.others(victim)) {
        context.network().cut(context.node(victim), context.node(other));
      }
      for (String server : context.cluster().zooKeepers()) {
        context.network().cut(context.node(victim), server);
      }
      context.hold(PAST_SESSION);
      context.network().heal();
    }
  },
  NODE_OUT_OF_SIGHT("the clients are cut off from a node", true) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int victim = context.victim();
      context.network().cut(Namespaces.HERE, context.node(victim));
      context.hold(Duration.ofSeconds(5));
      context.network().heal();
    }
  },
  ZOOKEEPER_SERVER_LOST("kill -9 of one ZooKeeper server", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      String server = context.cluster().zooKeepers().get(context.random(3));
      context.cluster().kill(server);
      context.hold(Duration.ofSeconds(4));
      context.cluster().start(server);
    }
  },
  QUORUM_LOST("kill -9 of two of the three ZooKeeper servers", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      int spared = context.random(3);
      for (int i = 0; i < 3; i++) {
        if (i != spared) {
          context.cluster().kill(context.cluster().zooKeepers().get(i));
        }
      }
      context.hold(PAST_SESSION);
      for (int i = 0; i < 3; i++) {
        if (i != spared) {
          context.cluster().start(context.cluster().zooKeepers().get(i));
        }
      }
    }
  },
  COORDINATOR_KILLED("kill -9 of the leading coordinator and of a node", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      String leader = context.cluster().leadingCoordinator();
      int victim = context.victim();
      if (leader != null) {
        context.cluster().kill(leader);
      }
      context.cluster().kill(context.node(victim));
      context.hold(PAST_SESSION);
      context.start(context.node(victim));
      if (leader != null) {
        context.cluster().start(leader);
      }
    }
  },
  ROLLING_RESTART("every node in its turn is stopped in order and started", false) {
    @Override
    void strike(FaultContext context) throws IOException, InterruptedException {
      for (int victim : context.everyNode()) {
        context.cluster().stop(context.node(victim));
        context.start(context.node(victim));
        context.awaitSettled(); // the run waits once more at the end
      }
    }
  };

  /** Long enough for the session to end and for its slots to be reassigned. */
  private static final Duration PAST_SESSION = LocalCluster.SESSION_TIMEOUT.plusSeconds(3);

  private final String what;
  private final boolean needsNetwork;

  Fault(String what, boolean needsNetwork) {
    this.what = what;
    this.needsNetwork = needsNetwork;
  }

  /** A short description. */
  public String what() {
    return what;
  }

  /** Whether it requires a network whose links can be cut. */
  public boolean needsNetwork() {
    return needsNetwork;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Causes the failure, keeps it up, and repairs it. */
  abstract void strike(FaultContext context) throws IOException, InterruptedException;
}
