package io.larder.node.simulation;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Virtual time, the one queue of events, and the one source of chance: with them a seed decides
 * everything. Time stands still while an event runs.
 */
final class Schedule {
  static final long MS = 1_000_000;
  static final long SECOND = 1_000 * MS;

  private record Event(long atNs, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return atNs == other.atNs ? Long.compare(order, other.order) : Long.compare(atNs, other.atNs);
    }
  }

  private final PriorityQueue<Event> queue = new PriorityQueue<>();
  private final SplittableRandom random;
  private long nowNs;
  private long events;
  private long scheduled;

  Schedule(long seed) {
    random = new SplittableRandom(seed);
  }

  long nowNs() {
    return nowNs;
  }

  /** How many events have run. */
  long events() {
    return events;
  }

  void after(long delayNs, Runnable action) {
    at(nowNs + delayNs, action);
  }

  void at(long atNs, Runnable action) {
    queue.add(new Event(Math.max(atNs, nowNs), scheduled++, action));
  }

  /** Runs the next event; false if there is none before that time, which then becomes now. */
  boolean step(long endNs) {
    Event next = queue.peek();
    if (next == null || next.atNs > endNs) {
      nowNs = endNs;
      return false;
    }
    queue.remove();
    nowNs = next.atNs;
    events++;
    next.action.run();
    return true;
  }

  /** Below {@code bound}. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  boolean chance(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  /** Between the two, in the long run as often below a millisecond as above: log-uniform. */
  long between(long lowNs, long highNs) {
    double low = Math.log((double) lowNs);
    return (long) Math.exp(low + random.nextDouble() * (Math.log((double) highNs) - low));
  }

  /** The time to the next of events with that mean interval: exponential. */
  long exponential(long meanNs) {
    return (long) (-Math.log(1 - random.nextDouble()) * meanNs);
  }
}
