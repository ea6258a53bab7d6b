package io.larder.bench.faults;

import io.larder.testkit.local.LocalCluster;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/** A way in which a part of the cluster fails, and is well again when {@link #strike} returns. */
public enum Fault {
  NODE_KILLED("kill -9 of a node, which returns at once", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.victim();
      scene.cluster().kill(scene.node(victim));
      scene.hold(Duration.ofMillis(500));
      scene.start(scene.node(victim));
    }
  },
  NODE_AWAY("kill -9 of a node, which returns when its slots have other owners", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.victim();
      scene.cluster().kill(scene.node(victim));
      scene.hold(PAST_SESSION);
      scene.start(scene.node(victim));
    }
  },
  NODE_FROZEN("SIGSTOP of a node past its session", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.victim();
      scene.cluster().freeze(scene.node(victim));
      scene.hold(PAST_SESSION);
      scene.cluster().thaw(scene.node(victim));
    }
  },
  NODE_FROZEN_BRIEFLY("SIGSTOP of a node, again and again, within its session", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      for (int i = 0; i < 3; i++) {
        int victim = scene.victim();
        scene.cluster().freeze(scene.node(victim));
        scene.hold(Duration.ofMillis(1_500));
        scene.cluster().thaw(scene.node(victim));
        scene.hold(Duration.ofMillis(500));
      }
    }
  },
  NODE_WITHOUT_ZOOKEEPER("a node is cut off from ZooKeeper past its session", true) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.victim();
      for (String server : scene.cluster().zooKeepers()) {
        scene.network().cut(scene.node(victim), server);
      }
      scene.hold(PAST_SESSION);
      scene.network().heal();
    }
  },
  NODE_WITHOUT_PEERS("a node is cut off from the other nodes", true) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.cutOff();
      for (int other : scene.others(victim)) {
        scene.network().cut(scene.node(victim), scene.node(other));
      }
      scene.hold(Duration.ofSeconds(5));
      scene.network().heal();
    }
  },
  NODE_UNHEARD("what a node sends to another vanishes, and only that", true) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.cutOff();
      int other = scene.others(victim).getFirst();
      scene.network().cutOneWay(scene.node(victim), scene.node(other));
      scene.hold(Duration.ofSeconds(5));
      scene.network().heal();
    }
  },
  NODE_ISOLATED("a node is cut off from ZooKeeper and the nodes, not from clients", true) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.cutOff();
      for (int other : scene.others(victim)) {
        scene.network().cut(scene.node(victim), scene.node(other));
      }
      for (String server : scene.cluster().zooKeepers()) {
        scene.network().cut(scene.node(victim), server);
      }
      scene.hold(PAST_SESSION);
      scene.network().heal();
    }
  },
  NODE_OUT_OF_SIGHT("the clients are cut off from a node", true) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int victim = scene.victim();
      scene.network().cut(io.larder.testkit.local.Namespaces.HERE, scene.node(victim));
      scene.hold(Duration.ofSeconds(5));
      scene.network().heal();
    }
  },
  ZOOKEEPER_SERVER_LOST("kill -9 of one ZooKeeper server", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      String server = scene.cluster().zooKeepers().get(scene.random(3));
      scene.cluster().kill(server);
      scene.hold(Duration.ofSeconds(4));
      scene.cluster().start(server);
    }
  },
  QUORUM_LOST("kill -9 of two of the three ZooKeeper servers", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      int spared = scene.random(3);
      for (int i = 0; i < 3; i++) {
        if (i != spared) {
          scene.cluster().kill(scene.cluster().zooKeepers().get(i));
        }
      }
      scene.hold(PAST_SESSION);
      for (int i = 0; i < 3; i++) {
        if (i != spared) {
          scene.cluster().start(scene.cluster().zooKeepers().get(i));
        }
      }
    }
  },
  COORDINATOR_KILLED("kill -9 of the leading coordinator and of a node", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      String leader = scene.cluster().leadingCoordinator();
      int victim = scene.victim();
      if (leader != null) {
        scene.cluster().kill(leader);
      }
      scene.cluster().kill(scene.node(victim));
      scene.hold(PAST_SESSION);
      scene.start(scene.node(victim));
      if (leader != null) {
        scene.cluster().start(leader);
      }
    }
  },
  ROLLING_RESTART("every node in its turn is stopped in order and started", false) {
    @Override
    void strike(Scene scene) throws IOException, InterruptedException {
      for (int victim : scene.everyNode()) {
        scene.cluster().stop(scene.node(victim));
        scene.start(scene.node(victim));
        boolean _ = scene.awaitSettled(); // in the end it is waited for once more
      }
    }
  };

  /** Long enough for the session to end and for its slots to be given to others. */
  private static final Duration PAST_SESSION = LocalCluster.SESSION_TIMEOUT.plusSeconds(3);

  private final String what;
  private final boolean needsNetwork;

  Fault(String what, boolean needsNetwork) {
    this.what = what;
    this.needsNetwork = needsNetwork;
  }

  /** What happens, in a few words. */
  public String what() {
    return what;
  }

  /** Whether it takes a network whose links can be cut. */
  public boolean needsNetwork() {
    return needsNetwork;
  }

  /** As the command line has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Breaks it, holds it, mends it. */
  abstract void strike(Scene scene) throws IOException, InterruptedException;
}
