package io.larder.bench.faults;

import io.larder.bench.faults.History.Call;
import io.larder.bench.faults.History.Kind;
import io.larder.bench.faults.History.Outcome;
import io.larder.bench.faults.WorkloadClient.Answer;
import io.larder.bench.verdict.Patience;
import io.larder.bench.verdict.StallWatch;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The clients: three beside each node, each on a thread, all on the same few keys. Every tenth of a
 * second a new key begins: all clients put it, and read it from then on; every fifth key is deleted
 * at times. All calls go into the history.
 */
final class Load implements AutoCloseable {
  /** One of so many keys may be deleted. */
  private static final int DELETABLE = 5;

  private static final long KEY_MS = 100;
  private static final int KEYS_AT_ONCE = 6;
  private static final int SMALL_BYTES = 200;
  private static final int MEDIUM_BYTES = 200 << 10;
  private static final int LARGE_BYTES = 3 << 19;
  private static final long PAUSE_MS = 12;

  /** The wait beyond a hang, because a node may have been away in between. */
  private static final Duration END = Duration.ofSeconds(30);

  /** Numbers of puts, over all rounds. */
  private static final AtomicLong PUTS = new AtomicLong(1);

  private final History history;
  private final String prefix;
  private final StallWatch stalls;
  private final long startNanos = System.nanoTime();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<Thread> threads = new ArrayList<>();

  private final Map<String, Under> underWay = new ConcurrentHashMap<>();

  /** A call that has not returned. */
  private record Under(
      WorkloadClient client,
      Kind kind,
      String key,
      long put,
      long invokedNanos,
      long stalledBefore) {}

  private Load(History history, String prefix, StallWatch stalls) {
    this.history = history;
    this.prefix = prefix;
    this.stalls = stalls;
  }

  /**
   * Starts the clients.
   *
   * @param prefix the prefix of every key
   */
  static Load start(
      List<LocalNode> nodes, History history, String prefix, long seed, StallWatch stalls) {
    Load load = new Load(history, prefix, stalls);
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int i = 0; i < nodes.size(); i++) {
      LocalNode node = nodes.get(i);
      load.run(new PlainWorkloadClient(i, node), seeds.split());
      load.run(new JavaWorkloadClient(node, nodes, false), seeds.split());
      load.run(new JavaWorkloadClient(node, nodes, true), seeds.split());
    }
    return load;
  }

  private void run(WorkloadClient client, SplittableRandom random) {
    threads.add(
        Thread.ofPlatform()
            .daemon()
            .name(client.name())
            .start(() -> {
              try (client) {
                while (!stopping.get()) {
                  step(client, random);
                  Thread.sleep(random.nextLong(PAUSE_MS));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
              }
            }));
  }

  private void step(WorkloadClient client, SplittableRandom random) {
    int newest = (int) ((System.nanoTime() - startNanos) / 1_000_000 / KEY_MS) + KEYS_AT_ONCE;
    int dice = random.nextInt(100);
    if (dice < 50) {
      put(client, newest - random.nextInt(KEYS_AT_ONCE), random);
    } else if (dice < 97) {
      String key = key(random.nextInt(newest));
      call(client, Kind.GET, key, 0, () -> client.get(key));
    } else {
      String key = key(random.nextInt(newest) / DELETABLE * DELETABLE);
      call(client, Kind.DELETE, key, 0, () -> client.delete(key));
    }
  }

  private void put(WorkloadClient client, int number, SplittableRandom random) {
    String key = key(number);
    int dice = random.nextInt(20);
    int length =
        dice == 0 ? LARGE_BYTES : random.nextInt(SMALL_BYTES, dice < 10 ? 1_000 : MEDIUM_BYTES);
    long put = PUTS.getAndIncrement();
    byte[] value = PutContents.of(put, length);
    call(client, Kind.PUT, key, put, () -> client.put(key, value));
  }

  private String key(int number) {
    return prefix + number;
  }

  private interface Calling {
    Answer call();
  }

  private void call(WorkloadClient client, Kind kind, String key, long put, Calling calling) {
    Under under = new Under(client, kind, key, put, System.nanoTime(), stalls.totalNanos());
    underWay.put(client.name(), under);
    Answer answer = calling.call();
    underWay.remove(client.name());
    note(under, answer);
  }

  private void note(Under under, Answer answer) {
    // A put that found a value counts as a read of another client's put.
    boolean read = answer.outcome() == Outcome.FOUND;
    history.add(
        new Call(
            under.client().name(),
            under.client().node(),
            read ? Kind.GET : under.kind(),
            under.key(),
            read ? answer.put() : under.put(),
            answer.outcome(),
            under.invokedNanos(),
            System.nanoTime(),
            TimeUnit.MILLISECONDS.toNanos(under.client().deadlineMs(under.kind())),
            stalls.totalNanos() - under.stalledBefore(),
            answer.said()));
  }

  /**
   * Ends the load after the calls in flight have ended; records one that does not end as unknown.
   *
   * @throws IllegalStateException if a client failed otherwise than by an outcome
   */
  @Override
  public void close() {
    stopping.set(true);
    try {
      for (Thread thread : threads) {
        while (thread.isAlive() && !hangs(thread)) {
          thread.join(200);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a client failed: " + cause, cause);
    }
  }

  private boolean hangs(Thread thread) {
    Under under = underWay.get(thread.getName());
    if (under == null) {
      return false;
    }
    long own =
        System.nanoTime() - under.invokedNanos() - (stalls.totalNanos() - under.stalledBefore());
    long deadline = TimeUnit.MILLISECONDS.toNanos(under.client().deadlineMs(under.kind()));
    if (own < deadline + Patience.HANG.plus(END).toNanos()) {
      return false;
    }
    note(under, Answer.unknown(new IOException("no answer: " + List.of(thread.getStackTrace()))));
    return true;
  }
}
