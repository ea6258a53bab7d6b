package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;

import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.router.Router;
import io.larder.node.service.BlockService.PutHandle;
import io.larder.node.service.ClientId;
import io.larder.node.service.Found;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.node.simulation.Checker.Attempt;
import io.larder.protocol.PutToken;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An inference server: puts, gets, deletes and leases the same few keys as the others, through any
 * node, and now and then disconnects during a call.
 */
final class SimulatedClient {
  private static final long PATIENCE_NS = 30 * SECOND;

  /** The longest time of a call beyond the wait it asks for; see {@code Deadlines}. */
  private static final long LEASE_MS = 2_500;

  private static final long PUT_MS = LEASE_MS + 1_500 + 5_000;
  private static final long GET_MS = 3_500;
  private static final long DELETE_MS = 4_500;
  private static final long LOOKUP_MS = 1_500;

  /** How long a client that counts bytes waits for a put or a delete, and one tick of the clock. */
  private static final long PLAIN_WAIT_MS = 2_000;

  private static final long PLAIN_MS = PLAIN_WAIT_MS + 300;

  private final World world;
  private final List<Key> keys;
  private ClientId id;
  private int at;
  private boolean ended;

  SimulatedClient(World world, List<Key> keys, int number) {
    this.world = world;
    this.keys = keys;
    this.id = new ClientId(number * 1_000_000L);
  }

  void start() {
    think();
  }

  /** Begins nothing more. */
  void end() {
    ended = true;
  }

  private void think() {
    world.schedule.after(world.schedule.exponential(world.profile.thinkNs()), this::act);
  }

  private void act() {
    if (ended) {
      return;
    }
    Schedule schedule = world.schedule;
    if (schedule.chance(0.3)) {
      reconnect();
    }
    Key key = anyKey();
    int dice = schedule.below(100);
    if (dice < 35) {
      put(key, null, this::think);
    } else if (dice < 55) {
      lease(key);
    } else if (dice < 60) {
      leaseMany();
    } else if (dice < 90 || !world.profile.deletes()) {
      get(key);
    } else if (dice < 96) {
      delete(key);
    } else {
      pin(key);
    }
  }

  private Key anyKey() {
    long freshNs = world.profile.freshNs();
    int any = world.schedule.below(freshNs == 0 ? keys.size() : 2);
    return freshNs == 0
        ? keys.get(any)
        : keys.get((int) ((world.schedule.nowNs() / freshNs + any) % keys.size()));
  }

  /** To any node; the old connection closes. */
  private void reconnect() {
    gone();
    at = world.schedule.below(world.nodes.size());
  }

  private void gone() {
    ClientId old = id;
    id = new ClientId(old.number() + 1);
    NodeLife life = world.nodes.get(at).life();
    if (life != null) {
      world.schedule.after(MS, () -> life.run(() -> life.router().clientGone(old)));
    }
  }

  /**
   * Calls the node. Answer and failure are both null when the node has crashed or the client has
   * stopped waiting.
   */
  private <T extends @Nullable Object> void call(
      String what,
      long boundMs,
      Function<Router, CompletableFuture<T>> call,
      BiConsumer<@Nullable T, @Nullable Throwable> answered) {
    SimulatedNode node = world.nodes.get(at);
    NodeLife life = node.life();
    boolean[] done = {false};
    Runnable unanswered =
        () -> {
          if (!done[0]) {
            done[0] = true;
            world.note("client", () -> what + " at " + node.id() + ": no answer");
            reconnect();
            answered.accept(null, null);
          }
        };
    if (life == null) {
      world.schedule.after(MS, unanswered);
      return;
    }
    world.schedule.after(PATIENCE_NS, unanswered);
    world.schedule.after(
        world.network.delayNs(),
        () ->
            life.run(() -> {
              world.note("client", () -> what + " at " + node.id());
              long beganNs = world.schedule.nowNs() - node.pausedNs();
              Futures.whenDone(
                  call.apply(life.router()),
                  (value, failure) -> {
                    if (!life.isAlive()) {
                      return;
                    }
                    long tookNs = world.schedule.nowNs() - node.pausedNs() - beganNs;
                    world.checker.took(node, what, tookNs, boundMs);
                    // The reply leaves when the node runs.
                    world.schedule.at(
                        node.runsAgainNs() + world.network.delayNs(),
                        () -> {
                          if (!done[0] && (life.isAlive() || world.schedule.chance(0.5))) {
                            done[0] = true;
                            world.note(
                                "client",
                                () -> what + " at " + node.id() + ": " + outcome(value, failure));
                            answered.accept(value, failure);
                          }
                        });
                  });
            }));
  }

  private static String outcome(@Nullable Object value, @Nullable Throwable failure) {
    if (failure != null) {
      return String.valueOf(failure.getMessage());
    }
    // A block's text contains addresses of objects, which differ from run to run.
    return value instanceof Found found
        ? found.block().id() + " from " + found.tier()
        : String.valueOf(value);
  }

  // ---- operations ----

  private void put(Key key, @Nullable PutToken token, Runnable then) {
    Schedule schedule = world.schedule;
    Attempt attempt = world.checker.attempt(key);
    boolean droppable = token == null && schedule.chance(0.3);
    long waitMs = droppable ? PLAIN_WAIT_MS : schedule.chance(0.5) ? schedule.below(3_000) : 0;
    long expiresInMs =
        world.profile.expiries() && schedule.chance(0.5)
            ? 500 + schedule.below(20_000)
            : PutOptions.NO_EXPIRY;
    PutOptions options =
        new PutOptions(
            Checker.metadata(attempt),
            expiresInMs,
            token,
            waitMs,
            droppable ? PLAIN_WAIT_MS : waitMs + 5_000,
            0,
            droppable);
    ClientId client = id;
    SimulatedNode node = world.nodes.get(at);
    boolean abandoned = schedule.chance(0.05);
    long payloadNs = schedule.between(MS / 10, 300 * MS);
    this.<PutOutcome>call(
        "put " + attempt.number + " of " + key + (token == null ? "" : " under " + token),
        (droppable ? PLAIN_MS : waitMs + PUT_MS) + payloadNs / MS,
        router -> {
          PutHandle handle = router.beginPut(key, options, client);
          CompletableFuture<PutOutcome> done = new CompletableFuture<>();
          NodeLife life = node.life();
          if (life != null) {
            life.after(
                payloadNs,
                () -> {
                  if (abandoned) {
                    handle.abandon();
                    done.cancel(false);
                    return;
                  }
                  Payload payload = world.pool.allocate(0, MemoryPool.Purpose.PUT).join();
                  Futures.pass(handle.complete(payload), done);
                });
          }
          return done;
        },
        (outcome, failure) -> {
          if (outcome == PutOutcome.STORED) {
            world.checker.stored(attempt);
          } else if (droppable && (outcome != null || failure != null)) {
            world.checker.dropped(attempt);
          } else if (outcome != null || isDefinite(failure)) {
            world.checker.refused(attempt);
          }
          then.run();
        });
  }

  /** Whether a failure means that the value will never be there. */
  private static boolean isDefinite(@Nullable Throwable failure) {
    return failure != null && String.valueOf(failure.getMessage()).contains("nothing was stored");
  }

  private void lease(Key key) {
    Schedule schedule = world.schedule;
    long waitMs = schedule.chance(0.6) ? schedule.below(3_000) : 0;
    long ttlMs = schedule.between(50, 10_000);
    ClientId client = id;
    this.<List<LeaseAnswer>>call(
        "lease of " + key,
        waitMs + LEASE_MS,
        router -> router.lease(List.of(key), waitMs, ttlMs, client),
        (answers, _) -> {
          if (answers != null && answers.getFirst() instanceof LeaseAnswer.Granted granted) {
            use(key, granted.token());
          } else {
            think();
          }
        });
  }

  private void leaseMany() {
    ClientId client = id;
    long ttlMs = world.schedule.between(50, 10_000);
    this.<List<LeaseAnswer>>call(
        "lease of all",
        LEASE_MS,
        router -> router.lease(keys, 0, ttlMs, client),
        (answers, _) -> {
          if (answers != null) {
            for (int i = 0; i < answers.size(); i++) {
              if (answers.get(i) instanceof LeaseAnswer.Granted granted) {
                Key key = keys.get(i);
                if (world.schedule.chance(0.5)) {
                  put(key, granted.token(), () -> {});
                } else {
                  abort(key, granted.token(), () -> {});
                }
              }
            }
          }
          think();
        });
  }

  /** Computes for a while, then puts the value, gives the lease back, or forgets it. */
  private void use(Key key, PutToken token) {
    Schedule schedule = world.schedule;
    schedule.after(
        schedule.between(MS, 5 * SECOND),
        () -> {
          int dice = schedule.below(10);
          if (dice < 6) {
            if (schedule.chance(0.1)) {
              at = schedule.below(world.nodes.size()); // through another node
            }
            put(key, token, () -> asked(key, token));
          } else if (dice < 8) {
            abort(key, token, this::think);
          } else {
            reconnect();
            think();
          }
        });
  }

  private void asked(Key key, PutToken token) {
    call("commit of " + key, LEASE_MS + GET_MS, r -> r.commit(key, token), (_, _) -> think());
  }

  private void abort(Key key, PutToken token, Runnable then) {
    call("abort of " + key, LEASE_MS, r -> r.abort(key, token), (_, _) -> then.run());
  }

  private void get(Key key) {
    if (world.schedule.chance(0.2)) {
      call("locate " + key, LOOKUP_MS, r -> r.locate(keys), (_, _) -> think());
      return;
    }
    read(key, at, this::think);
  }

  /** Reads a key through a node. */
  void read(Key key, int node, Runnable then) {
    at = node;
    long beganNs = world.schedule.nowNs();
    SimulatedNode asked = world.nodes.get(node);
    this.<@Nullable Found>call(
        "get " + key,
        GET_MS,
        router ->
            router
                .get(key)
                .thenApply(found -> {
                  if (found != null) {
                    found.block().payload().release();
                    world.checker.read(asked, key, beganNs, found.block());
                  }
                  return found;
                }),
        (_, _) -> then.run());
  }

  private void delete(Key key) {
    Checker.Delete delete = world.checker.deleteBegins(key);
    long retryMs = world.schedule.chance(0.3) ? PLAIN_WAIT_MS : 0;
    this.<Integer>call(
        "delete " + key,
        retryMs > 0 ? PLAIN_MS : DELETE_MS,
        router -> router.delete(List.of(key), retryMs),
        (count, _) -> {
          if (count == null) {
            world.checker.deleteUnknown(delete);
          } else if (count == 1) {
            world.checker.deleteEnds(delete);
          } else {
            world.checker.deleteUnknown(delete); // nothing there, as far as the owner knew
          }
          think();
        });
  }

  private void pin(Key key) {
    boolean on = world.schedule.chance(0.5);
    call("pin " + key, 6_500, r -> r.pin(key, on), (_, _) -> think());
  }
}
