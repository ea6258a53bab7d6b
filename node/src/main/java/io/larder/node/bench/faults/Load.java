package io.larder.node.bench.faults;

import io.larder.node.bench.faults.Caller.Answer;
import io.larder.node.bench.faults.History.Call;
import io.larder.node.bench.faults.History.Kind;
import io.larder.node.bench.faults.History.Outcome;
import io.larder.node.local.LocalNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The clients: three beside each node, each on a thread, all after the same few keys. Every tenth
 * of a second a new key comes up, is fought for, and is read from then on; every fifth key is
 * deleted now and then. Everything goes into the history.
 */
final class Load implements AutoCloseable {
  /** Every so many keys one that may be deleted. */
  private static final int DELETABLE = 5;

  private static final long KEY_MS = 100;
  private static final int KEYS_AT_ONCE = 6;
  private static final int SMALL_BYTES = 200;
  private static final int MEDIUM_BYTES = 200 << 10;
  private static final int LARGE_BYTES = 3 << 19;
  private static final long PAUSE_MS = 12;
  private static final long STALL_LOOK_MS = 20;
  private static final long STALL_MS = 100;
  private static final long END_SECONDS = 60;

  /** Numbers of puts, over all rounds. */
  private static final AtomicLong PUTS = new AtomicLong(1);

  private final History history;
  private final String prefix;
  private final long startNanos = System.nanoTime();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<Thread> threads = new ArrayList<>();

  private Load(History history, String prefix) {
    this.history = history;
    this.prefix = prefix;
  }

  /**
   * Starts the clients.
   *
   * @param prefix of every key
   */
  static Load start(List<LocalNode> nodes, History history, String prefix, long seed) {
    Load load = new Load(history, prefix);
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int i = 0; i < nodes.size(); i++) {
      LocalNode node = nodes.get(i);
      load.run(new PlainCaller(i, node), seeds.split());
      load.run(new JavaCaller(node, nodes, false), seeds.split());
      load.run(new JavaCaller(node, nodes, true), seeds.split());
    }
    Thread watch = Thread.ofPlatform().daemon().name("stall-watch").start(load::watchStalls);
    load.threads.add(watch);
    return load;
  }

  private void run(Caller caller, SplittableRandom random) {
    threads.add(
        Thread.ofPlatform()
            .daemon()
            .name(caller.name())
            .start(() -> {
              try (caller) {
                while (!stopping.get()) {
                  step(caller, random);
                  Thread.sleep(random.nextLong(PAUSE_MS));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
              }
            }));
  }

  private void step(Caller caller, SplittableRandom random) {
    int newest = (int) ((System.nanoTime() - startNanos) / 1_000_000 / KEY_MS) + KEYS_AT_ONCE;
    int dice = random.nextInt(100);
    if (dice < 50) {
      put(caller, newest - random.nextInt(KEYS_AT_ONCE), random);
    } else if (dice < 97) {
      String key = key(random.nextInt(newest));
      call(caller, Kind.GET, key, 0, () -> caller.get(key));
    } else {
      String key = key(random.nextInt(newest) / DELETABLE * DELETABLE);
      call(caller, Kind.DELETE, key, 0, () -> caller.delete(key));
    }
  }

  private void put(Caller caller, int number, SplittableRandom random) {
    String key = key(number);
    int dice = random.nextInt(20);
    int length =
        dice == 0 ? LARGE_BYTES : random.nextInt(SMALL_BYTES, dice < 10 ? 1_000 : MEDIUM_BYTES);
    long put = PUTS.getAndIncrement();
    byte[] value = Contents.of(put, length);
    call(caller, Kind.PUT, key, put, () -> caller.put(key, value));
  }

  private String key(int number) {
    return prefix + number;
  }

  private interface Calling {
    Answer call();
  }

  private void call(Caller caller, Kind kind, String key, long put, Calling calling) {
    long invoked = System.nanoTime();
    Answer answer = calling.call();
    long returned = System.nanoTime();
    // A put that found the value instead is a read of another's.
    boolean read = answer.outcome() == Outcome.FOUND;
    history.add(
        new Call(
            caller.name(),
            caller.node(),
            read ? Kind.GET : kind,
            key,
            read ? answer.put() : put,
            answer.outcome(),
            invoked,
            returned,
            TimeUnit.MILLISECONDS.toNanos(caller.deadlineMs(kind)),
            answer.said()));
  }

  /** When this process stands still its clients see late what came in time. */
  private void watchStalls() {
    long last = System.nanoTime();
    while (!stopping.get()) {
      try {
        Thread.sleep(STALL_LOOK_MS);
      } catch (InterruptedException e) {
        return;
      }
      long now = System.nanoTime();
      if (now - last > TimeUnit.MILLISECONDS.toNanos(STALL_MS)) {
        history.stalled(new History.Span(History.SOME_NODE, last, now));
      }
      last = now;
    }
  }

  /**
   * Ends the load when the calls under way have ended.
   *
   * @throws IllegalStateException if a client failed otherwise than by an outcome, or never ended
   */
  @Override
  public void close() {
    stopping.set(true);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
    try {
      for (Thread thread : threads) {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
        if (thread.isAlive()) {
          throw new IllegalStateException(
              thread.getName() + " hangs in a call: " + List.of(thread.getStackTrace()));
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
}
