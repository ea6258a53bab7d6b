package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;

import io.larder.node.simulation.SimulatedZooKeeper.Answer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One connection of a session to a server. Messages arrive in order; after a message that cannot
 * pass none arrives, until the client notices the silence and gives the connection up. Then the
 * messages in flight are lost in both directions, and it is unknown which requests took effect.
 */
final class ZooKeeperConnection {
  private final World world;
  private final NodeLife life;
  private final int server;
  private final long session;
  private final Runnable watcher;
  private final Runnable onBreak;
  private final Set<Runnable> inFlight = new LinkedHashSet<>();
  private boolean openAtServer = true;
  private boolean openAtClient = true;
  private boolean stuckToServer;
  private boolean stuckToClient;
  private boolean watching;
  private boolean touchReported = true;
  private long lastToServerNs;
  private long lastToClientNs;
  private long heardNs;

  /**
   * @param watcher called once, at the first change after {@link #watch}
   * @param onBreak called when the client finds the connection broken
   */
  ZooKeeperConnection(
      World world, NodeLife life, int server, long session, Runnable watcher, Runnable onBreak) {
    this.world = world;
    this.life = life;
    this.server = server;
    this.session = session;
    this.watcher = watcher;
    this.onBreak = onBreak;
    this.heardNs = world.schedule.nowNs();
    world.zooKeeper.opened(this);
    watchSilence();
  }

  int server() {
    return server;
  }

  boolean isOpen() {
    return openAtClient;
  }

  /** Sends a request; its answer comes in the node's own time, or the connection is lost. */
  <T> void request(Supplier<T> atServer, Consumer<Answer<T>> answered) {
    Runnable lost = () -> answered.accept(new Answer.ConnectionLoss<>());
    if (!openAtClient) {
      life.after(MS, lost);
      return;
    }
    inFlight.add(lost);
    toServer(() -> {
      Answer<T> answer = world.zooKeeper.serve(session, atServer);
      toClient(() -> {
        if (inFlight.remove(lost)) {
          answered.accept(answer);
        }
      });
    });
  }

  private void toServer(Runnable arrival) {
    SimulatedNetwork network = world.network;
    long leavesNs = life.node().runsAgainNs();
    stuckToServer |= network.isCut(life.node().index(), network.zooKeeper(), leavesNs);
    if (stuckToServer) {
      return;
    }
    lastToServerNs = Math.max(lastToServerNs + 1, leavesNs + network.delayNs());
    world.schedule.at(
        lastToServerNs,
        () -> {
          if (openAtServer && world.zooKeeper.hasQuorum() && world.zooKeeper.isUp(server)) {
            heardAtServer();
            arrival.run();
          } else if (openAtServer) {
            breaks();
          }
        });
  }

  private void toClient(Runnable arrival) {
    SimulatedNetwork network = world.network;
    stuckToClient |=
        network.isCut(network.zooKeeper(), life.node().index(), world.schedule.nowNs());
    if (stuckToClient) {
      return;
    }
    lastToClientNs = Math.max(lastToClientNs + 1, world.schedule.nowNs() + network.delayNs());
    world.schedule.at(
        lastToClientNs,
        () -> {
          if (openAtClient) {
            life.run(() -> {
              heardNs = world.schedule.nowNs();
              if (openAtClient) {
                arrival.run();
              }
            });
          }
        });
  }

  /** A follower reports to the leader only every half tick. */
  private void heardAtServer() {
    if (world.zooKeeper.isLeader(server)) {
      world.zooKeeper.touch(session);
    } else if (touchReported) {
      touchReported = false;
      world.schedule.after(
          world.schedule.below((int) (world.zooKeeper.tickNs() / 2)),
          () -> {
            touchReported = true;
            if (world.zooKeeper.isUp(server) && world.zooKeeper.hasQuorum()) {
              world.zooKeeper.touch(session);
            }
          });
    }
  }

  /** Runs at the server, as part of a read: the next change calls the watcher. */
  void watch() {
    watching = true;
  }

  void fireWatch() {
    if (watching && openAtServer) {
      watching = false;
      toClient(watcher);
    }
  }

  /** The server closes it. */
  void breaks() {
    openAtServer = false;
    toClient(this::lose);
  }

  /** As the client library: two thirds of the timeout without a word. */
  private void watchSilence() {
    life.after(
        world.zooKeeper.timeoutNs() / 6,
        () -> {
          if (!openAtClient) {
            return;
          }
          if (world.schedule.nowNs() - heardNs > world.zooKeeper.timeoutNs() * 2 / 3) {
            lose();
          } else {
            watchSilence();
          }
        });
  }

  private void lose() {
    if (openAtClient) {
      close();
      onBreak.run();
      List<Runnable> lost = List.copyOf(inFlight);
      inFlight.clear();
      lost.forEach(Runnable::run);
    }
  }

  /** The client gives it up. */
  void close() {
    openAtClient = false;
    openAtServer = false;
    world.zooKeeper.closed(this);
  }
}
