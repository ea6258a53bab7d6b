package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;

import io.larder.coordinator.lease.Fence;
import io.larder.coordinator.lease.SessionProtocol;
import io.larder.coordinator.lease.SessionProtocol.ClaimOutcome;
import io.larder.coordinator.lease.SessionProtocol.Step;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.node.simulation.SimulatedZooKeeper.Answer;
import java.util.BitSet;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A node's life in the simulated ZooKeeper: production's {@link SessionProtocol} and {@link Fence},
 * carried out as {@code NodeSession} and {@code Incarnation} do, one session after another.
 */
final class SimulatedSession {
  private static final long RETRY_NS = 200 * MS;
  private static final long CONNECT_TIMEOUT_NS = 1_000 * MS;
  private static final int MAX_BEATS_IN_FLIGHT = 16;

  private final World world;
  private final NodeLife life;
  private final NodeRecord self;
  private SessionProtocol protocol;
  private Fence fence = Fence.closed();
  private long session;
  private @Nullable ZooKeeperConnection connection;
  private boolean announced;
  private boolean stepping;
  private boolean closed;
  private int beatsInFlight;
  private int attempt;
  private long wakes;

  SimulatedSession(World world, NodeLife life) {
    this.world = world;
    this.life = life;
    this.self = new NodeRecord(life.node().id(), 0, "host", 1, 0, "", 1L << 30, "", "");
    this.protocol = new SessionProtocol(self.nodeId());
  }

  /** Of the session in progress; 0 before it began. */
  long incarnation() {
    return protocol.incarnation();
  }

  boolean mayGrant() {
    return fence.isOpen(life.node().bootClock());
  }

  void start() {
    connect();
    beatLater();
  }

  /** Ends the session at the servers, if they are in reach. */
  void close() {
    closed = true;
    fence.end();
    ZooKeeperConnection current = connection;
    long ending = session;
    if (current != null && current.isOpen()) {
      current.request(
          () -> {
            world.zooKeeper.closeSession(ending);
            return true;
          },
          _ -> {});
    }
  }

  // ---- the connection ----

  private void connect() {
    if (closed) {
      return;
    }
    int mine = ++attempt;
    int server = world.zooKeeper.anyServer();
    SimulatedNode node = life.node();
    world.network.send(
        node,
        world.network.zooKeeper(),
        () -> {
          if (mine != attempt || !world.zooKeeper.isUp(server) || !world.zooKeeper.hasQuorum()) {
            return;
          }
          boolean expired = session != 0 && !world.zooKeeper.isAlive(session);
          long mySession =
              session == 0 ? world.zooKeeper.openSession(world.zooKeeper.timeoutNs()) : session;
          world.zooKeeper.touch(mySession);
          world.schedule.after(
              world.network.delayNs(),
              () -> {
                if (!world.network.isCut(
                    world.network.zooKeeper(), node.index(), world.schedule.nowNs())) {
                  life.run(() -> connected(mine, server, mySession, expired));
                }
              });
        });
    life.after(
        CONNECT_TIMEOUT_NS,
        () -> {
          if (mine == attempt) {
            connect();
          }
        });
  }

  private void connected(int mine, int server, long opened, boolean expired) {
    if (mine != attempt || closed) {
      return;
    }
    attempt++;
    if (expired) {
      expired();
      return;
    }
    if (session == 0) {
      int timeoutMs = world.profile.sessionMs();
      fence = new Fence(ZooKeeperOptions.grantWindowMs(timeoutMs, timeoutMs / 3));
    }
    session = opened;
    world.note(self.nodeId(), () -> "connected, session " + opened);
    connection =
        new ZooKeeperConnection(
            world,
            life,
            server,
            opened,
            () -> {
              protocol.imageChanged();
              wake();
            },
            this::disconnected);
    protocol.imageChanged();
    wake();
  }

  private void disconnected() {
    world.note(self.nodeId(), () -> "lost its connection to ZooKeeper");
    connection = null;
    connect();
  }

  private void expired() {
    world.note(self.nodeId(), () -> "session " + session + " has expired");
    fence.end();
    ZooKeeperConnection current = connection;
    if (current != null) {
      current.close();
      connection = null;
    }
    session = 0;
    attempt++;
    stepping = true; // until the router has let go
    Runnable anew =
        () -> {
          protocol = new SessionProtocol(self.nodeId());
          fence = Fence.closed();
          stepping = false;
          connect();
        };
    if (announced) {
      announced = false;
      life.router().onSessionLost().thenRun(anew);
    } else {
      anew.run();
    }
  }

  // ---- heartbeats ----

  private void beatLater() {
    life.after(
        world.zooKeeper.timeoutNs() / 6,
        () -> {
          if (!closed) {
            beat();
            beatLater();
          }
        });
  }

  private void beat() {
    ZooKeeperConnection current = connection;
    if (current == null || !protocol.isLaidOut() || beatsInFlight >= MAX_BEATS_IN_FLIGHT) {
      return;
    }
    beatsInFlight++;
    Fence beating = fence;
    long sentNs = life.node().bootClock();
    current.request(
        world.zooKeeper::heartbeat,
        answer -> {
          beatsInFlight--;
          if (answer instanceof Answer.Value<Long> _) {
            beating.acknowledged(sentNs);
          }
        });
  }

  // ---- steps ----

  private void wake() {
    wakes++;
    step();
  }

  private void step() {
    if (stepping || closed || connection == null) {
      return;
    }
    stepping = true;
    SessionProtocol asking = protocol;
    switch (asking.next()) {
      case Step.LayOut _ -> ask(() -> true, _ -> protocol.laidOut());
      case Step.Begin _ -> {
        long sentNs = life.node().bootClock();
        ask(
            world.zooKeeper::heartbeat,
            zxid -> {
              protocol.begun(zxid);
              fence.acknowledged(sentNs);
            });
      }
      case Step.Register(long incarnation) -> {
        long mine = session;
        ask(
            () -> {
              world.zooKeeper.register(mine, self.withIncarnation(incarnation));
              return true;
            },
            _ -> protocol.registered());
      }
      case Step.TellSession(long incarnation) -> {
        beat();
        announced = true;
        life.router().onSession(incarnation);
        done();
      }
      case Step.FindEpoch(int slot) -> {
        long mine = session;
        ask(() -> world.zooKeeper.epochOf(mine, slot), protocol::found);
      }
      case Step.ReadImage _ -> readImage();
      case Step.TellReleased(int[] slots) -> {
        life.router()
            .onReleased(slots)
            .thenRun(() -> {
              if (asking == protocol) {
                asking.released(slots);
                done();
              }
            });
      }
      case Step.Delete(int[] slots) -> {
        long mine = session;
        ask(
            () -> {
              world.zooKeeper.deleteLeases(mine, slots);
              return true;
            },
            _ -> protocol.deleted(slots));
      }
      case Step.Claim(int[] slots, int version, int _) -> {
        long mine = session;
        ask(() -> claim(mine, slots, version), outcome -> protocol.claimed(slots, outcome));
      }
      case Step.TellClaimed(int[] slots, long epoch) -> {
        world.note(self.nodeId(), () -> "holds epoch " + epoch);
        life.router().onClaimed(slots, epoch);
        world.checker.claimTold(life.node(), slots, epoch);
        done();
      }
      case Step.Wait(long ms) -> {
        stepping = false;
        long woken = wakes;
        life.after(
            ms * MS,
            () -> {
              if (woken == wakes) {
                wake();
              }
            });
      }
    }
  }

  /** As the transaction of the claim: the table's version, then all put-leases or none. */
  private ClaimOutcome claim(long mine, int[] slots, int version) {
    SimulatedZooKeeper zooKeeper = world.zooKeeper;
    if (zooKeeper.slots().version() != version) {
      return new ClaimOutcome.StaleTable();
    }
    BitSet existing = new BitSet();
    zooKeeper.existingPutLeases().forEach(existing::set);
    for (int slot : slots) {
      if (existing.get(slot)) {
        return new ClaimOutcome.HeldByOthers(existing);
      }
    }
    return new ClaimOutcome.Claimed(zooKeeper.claim(self.nodeId(), mine, slots));
  }

  /** Two reads, as production's: the slot table, then the nodes, which may be newer. */
  private void readImage() {
    ZooKeeperConnection current = connection;
    ask(
        () -> {
          if (current != null) {
            current.watch();
          }
          return world.zooKeeper.slots();
        },
        slots ->
            ask(
                world.zooKeeper::nodes,
                nodes -> {
                  SlotTable table = slots;
                  Map<String, NodeRecord> live = nodes;
                  ClusterImage image = new ClusterImage(table, live);
                  protocol.read(image);
                  life.transport().setImage(image);
                  life.router().onImage(image);
                }),
        false);
  }

  private <T> void ask(Supplier<T> request, Consumer<T> answered) {
    ask(request, answered, true);
  }

  /**
   * One request of the session's thread, which waits for the answer.
   *
   * @param last whether the step is done with it
   */
  private <T> void ask(Supplier<T> request, Consumer<T> answered, boolean last) {
    ZooKeeperConnection current = connection;
    SessionProtocol asking = protocol;
    Consumer<Answer<T>> receiver =
        answer -> {
          if (closed || asking != protocol) {
            return;
          }
          switch (answer) {
            case Answer.Value<T>(T value) -> {
              answered.accept(value);
              if (last) {
                done();
              }
            }
            case Answer.ConnectionLoss<T> _ -> {
              asking.imageChanged(); // if it was the image that could not be read
              stepping = false;
              life.after(RETRY_NS, this::step);
            }
            case Answer.SessionExpired<T> _ -> expired();
          }
        };
    if (current == null) {
      receiver.accept(new Answer.ConnectionLoss<>());
    } else {
      current.request(request, receiver);
    }
  }

  private void done() {
    stepping = false;
    step();
  }
}
