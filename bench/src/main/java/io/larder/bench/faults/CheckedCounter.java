package io.larder.bench.faults;

import static io.larder.bench.verdict.BrokenPromise.HANG;
import static io.larder.bench.verdict.BrokenPromise.WRONG_BYTES;

import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Patience;
import io.larder.bench.verdict.StallWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * A byte-counting client whose answers are all checked. Another key's bytes, and a reply out of
 * step, which causes them, are <i>wrong bytes</i>; no answer in time is a <i>hang</i>. For one
 * thread.
 */
final class CheckedCounter implements AutoCloseable {
  /** The timeout of LMCache's adapters; a node answers a plain session before. */
  static final Duration DEADLINE = Duration.ofSeconds(5);

  /** The time after which a call counts as hanging. */
  static final Duration HANGS = DEADLINE.plus(Patience.HANG);

  private final String name;
  private final ByteCounter counter;
  private final CountedKeys keys;
  private final Evidence evidence;
  private final StallWatch stalls;
  private final CountedTotals totals;
  private Outcome last = Outcome.YES;

  CheckedCounter(
      String name,
      ByteCounter counter,
      CountedKeys keys,
      Evidence evidence,
      StallWatch stalls,
      CountedTotals totals) {
    this.name = name;
    this.counter = counter;
    this.keys = keys;
    this.evidence = evidence;
    this.stalls = stalls;
    this.totals = totals;
  }

  String name() {
    return name;
  }

  CountedKeys keys() {
    return keys;
  }

  /** The outcome of the last call; after anything but yes and no there are no more calls. */
  Outcome last() {
    return last;
  }

  boolean isInStep() {
    return last == Outcome.YES || last == Outcome.NO;
  }

  Outcome set(int number) {
    byte[] value = keys.value(number);
    Outcome outcome = look("SET", number, () -> counter.set(keys.key(number), value));
    if (outcome == Outcome.YES) {
      totals.acceptedOne();
    }
    return outcome;
  }

  Outcome exists(int number) {
    return look("EXISTS", number, () -> counter.exists(keys.key(number)));
  }

  Outcome delete(int number) {
    return look("DEL", number, () -> counter.delete(keys.key(number)));
  }

  Outcome get(int number) {
    byte[] into = new byte[keys.length(number)];
    Outcome outcome = look("GET", number, () -> counter.get(keys.key(number), into));
    if (outcome == Outcome.YES) {
      totals.readOne();
      if (!keys.isValue(number, into)) {
        evidence.broken(
            WRONG_BYTES, keys.key(number), "%s read bytes that are not this key's".formatted(name));
      }
    }
    return outcome;
  }

  /** Checks whether the key exists, and reads it if so. */
  Outcome existsThenGet(int number, boolean mayBeDeleted) {
    Outcome outcome = exists(number);
    if (outcome != Outcome.YES) {
      return outcome;
    }
    outcome = get(number);
    if (outcome == Outcome.NO && !mayBeDeleted) {
      totals.nilAfterExists();
    }
    return outcome;
  }

  private Outcome look(String command, int number, Supplier<Outcome> call) {
    long stalledBefore = stalls.totalNanos();
    long start = System.nanoTime();
    Outcome outcome = call.get();
    long took = System.nanoTime() - start;
    totals.called(took);
    last = outcome;
    switch (outcome) {
      case YES, NO, DEAD -> {}
      case OUT_OF_STEP ->
          evidence.broken(
              WRONG_BYTES,
              keys.key(number),
              "%s: the reply to %s is none of those it counts the bytes of: it takes the rest for the next key's"
                  .formatted(name, command));
      case HUNG -> {
        if (took - (stalls.totalNanos() - stalledBefore) > HANGS.toNanos()) {
          evidence.broken(
              HANG,
              keys.key(number),
              "%s: no answer to %s in %d s".formatted(name, command, took / 1_000_000_000));
        }
      }
    }
    return outcome;
  }

  @Override
  public void close() throws IOException {
    counter.close();
  }
}
