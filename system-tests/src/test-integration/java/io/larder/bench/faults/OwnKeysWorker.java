package io.larder.bench.faults;

import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.testing.Patience;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A byte-counting client of one node, whose keys nobody else writes: so it knows that what it has
 * deleted must be gone until it puts it again. Some of its values it puts through other nodes,
 * which then hold them; only while those are well, as a put that is not answered is put at no time
 * that it could know. For one thread.
 */
final class OwnKeysWorker implements AutoCloseable {
  /**
   * A plain session's DEL that could not be carried out is answered 0, too, when its time of 2 s is
   * over: the wire does not tell. Only what was answered well before is known to be deleted.
   */
  private static final long ANSWERED_NANOS = Duration.ofMillis(1_500).toNanos();

  /** Keys that are put here, again and again. */
  private static final int HERE = 64;

  /** Values of other nodes that wait to be deleted. */
  private static final int STOCK = 40;

  private final CheckedCounter client;
  private final List<LocalNode> others;
  private final SplittableRandom random;
  private final Map<Integer, ByteCounter> feeders = new HashMap<>();

  /** What other nodes hold, and when it is gone; never put again. */
  private final List<Integer> elsewhere = new ArrayList<>();

  private final List<Integer> goneElsewhere = new ArrayList<>();
  private int fresh = HERE;

  /** How long the DEL took of each key that is deleted. */
  private final Map<Integer, Long> deleted = new TreeMap<>();

  /** Keys that were read though they are deleted: for a moment, or for good. */
  private final Map<Integer, Long> returned = new TreeMap<>();

  private long deletesInTime;
  private long deletesTooLate;
  private long returnedTooLate;
  private long vanished;

  OwnKeysWorker(CheckedCounter client, List<LocalNode> others, SplittableRandom random) {
    this.client = client;
    this.others = others;
    this.random = random;
  }

  /** Works until it is told to stop, or its connection is of no use any more. */
  void work(AtomicBoolean stopping, AtomicBoolean calm) {
    while (!stopping.get() && client.isInStep()) {
      step(random.nextInt(100), calm);
    }
  }

  private void step(int dice, AtomicBoolean calm) {
    int here = random.nextInt(HERE);
    if (dice < 25) {
      deleted.remove(here);
      returned.remove(here);
      boolean accepted = client.set(here) == Outcome.YES;
      if (accepted && client.get(here) == Outcome.NO) {
        vanished++; // nobody else puts or deletes it, and it is held here: it was dropped
      }
    } else if (dice < 50) {
      judge(here, client.existsThenGet(here, false));
    } else if (dice < 60) {
      judge(here, client.get(here));
    } else if (dice < 65) {
      delete(here);
    } else if (dice < 80) {
      if (elsewhere.size() < STOCK && calm.get()) {
        feed();
      } else if (!elsewhere.isEmpty()) {
        client.existsThenGet(elsewhere.get(random.nextInt(elsewhere.size())), false);
      }
    } else if (dice < 85) {
      if (!elsewhere.isEmpty()) {
        int number = elsewhere.removeFirst();
        goneElsewhere.add(number);
        delete(number);
      }
    } else if (!goneElsewhere.isEmpty()) {
      int number = goneElsewhere.get(random.nextInt(goneElsewhere.size()));
      judge(number, client.get(number));
    }
  }

  private void delete(int number) {
    long start = System.nanoTime();
    if (client.delete(number) == Outcome.YES || client.isInStep()) {
      long took = System.nanoTime() - start;
      deletesInTime += took < ANSWERED_NANOS ? 1 : 0;
      deletesTooLate += took < ANSWERED_NANOS ? 0 : 1;
      deleted.put(number, took);
      judge(number, client.get(number));
    }
  }

  private void judge(int number, Outcome outcome) {
    Long took = deleted.get(number);
    if (outcome != Outcome.YES || took == null) {
      return;
    }
    deleted.remove(number); // told once
    if (took < ANSWERED_NANOS) {
      returned.put(number, took / 1_000_000);
    } else {
      returnedTooLate++;
    }
  }

  private void feed() {
    int number = fresh++;
    int other = random.nextInt(others.size());
    try {
      ByteCounter feeder = feeders.get(other);
      if (feeder == null) {
        LocalNode node = others.get(other);
        feeder = ByteCounter.connect(node.host(), node.port(), Reading.BY_LINE, Patience.limitMs());
        feeders.put(other, feeder);
      }
      if (feeder.set(client.keys().key(number), client.keys().value(number)) != Outcome.YES) {
        feeders.remove(other);
        feeder.close(); // its node was killed: the value may be there or not
      }
      elsewhere.add(number);
    } catch (IOException e) {
      // Nobody listens there now.
    }
  }

  /** Looks at all it has deleted once more. */
  void sweep() {
    for (int number : List.copyOf(deleted.keySet())) {
      if (client.isInStep()) {
        judge(number, client.get(number));
      }
    }
  }

  /** Puts a new value and reads it. */
  boolean worksWithAFreshKey() {
    int number = fresh++;
    return client.set(number) == Outcome.YES
        && client.exists(number) == Outcome.YES
        && client.get(number) == Outcome.YES
        && client.delete(number) == Outcome.YES
        && client.get(number) == Outcome.NO;
  }

  String name() {
    return client.name();
  }

  Outcome last() {
    return client.last();
  }

  /**
   * Keys read after a DEL that was answered. A node that is back serves a deleted value until the
   * slot's owner has heard what it holds, for a moment.
   */
  int returned() {
    return returned.size();
  }

  /** Keys that are there still, each with the time its DEL took. */
  List<String> stillThere() {
    returned.keySet().removeIf(number -> client.get(number) == Outcome.NO);
    return returned.entrySet().stream()
        .map(key -> client.keys().key(key.getKey()) + ", deleted in " + key.getValue() + " ms")
        .toList();
  }

  long deletesInTime() {
    return deletesInTime;
  }

  /** Deletes that were answered when their time was over, or nearly. */
  long deletesTooLate() {
    return deletesTooLate;
  }

  /** Of those, keys that were read later. */
  long returnedTooLate() {
    return returnedTooLate;
  }

  /** Puts that were accepted and not there at once. */
  long vanished() {
    return vanished;
  }

  @Override
  public void close() throws IOException {
    for (ByteCounter feeder : feeders.values()) {
      feeder.close();
    }
    client.close();
  }
}
