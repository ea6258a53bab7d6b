package io.larder.node.bench.faults;

import io.larder.node.bench.faults.Broken.Promise;
import io.larder.node.bench.faults.History.Call;
import io.larder.node.bench.faults.History.Kind;
import io.larder.node.bench.faults.History.Outcome;
import io.larder.node.bench.faults.History.Span;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a round's history, and what an audit found when all was well again, against the promises.
 * Does no I/O.
 *
 * <p>Every put has bytes of its own, so two values of one key are two puts that both came true. Of
 * a key that nobody deleted that is allowed only when the first one's holder was away in between:
 * its incarnation had ended, so the key was free. A call that failed, or was not answered, may have
 * come true at any time after it was made.
 */
final class Checker {
  /** How much later than its deadline an answer may be seen on a machine that has much to do. */
  static final long GRACE_NANOS = 1_000_000_000L;

  /** So long a node that could not be told of a delete may serve the value from its memory. */
  private static final long STALE_NANOS = 60_000_000_000L;

  /**
   * What an audit found of one key.
   *
   * @param holders how many nodes have it on their devices
   * @param puts for each node the number of the put it answered with, 0 for a miss
   */
  record Found(int holders, List<Long> puts) {}

  private final History history;
  private final List<Broken> broken = new ArrayList<>();
  private final Map<Long, Call> puts = new HashMap<>();
  private final Map<String, List<Call>> byKey = new LinkedHashMap<>();

  private Checker(History history) {
    this.history = history;
    for (Call call : history.calls()) {
      byKey.computeIfAbsent(call.key(), _ -> new ArrayList<>()).add(call);
      if (call.kind() == Kind.PUT) {
        puts.put(call.put(), call);
      }
    }
  }

  /**
   * Every promise that was broken, once for each call or key that shows it.
   *
   * @param auditNanos when the audit was made, of {@link System#nanoTime}
   */
  static List<Broken> check(History history, Map<String, Found> audit, long auditNanos) {
    Checker checker = new Checker(history);
    checker.byKey.forEach((key, calls) -> {
      checker.bytes(calls);
      checker.oneValue(key, calls);
      checker.deletes(calls);
      Found found = audit.get(key);
      if (found != null) {
        checker.audited(key, calls, found, auditNanos);
      }
    });
    history.calls().forEach(checker::deadline);
    return checker.broken;
  }

  private void bytes(List<Call> calls) {
    for (Call call : calls) {
      if (call.outcome() == Outcome.FOUND) {
        bytes(call.key(), call.put(), call.returnedNanos(), call.toString());
      }
    }
  }

  private void bytes(String key, long put, long seenNanos, String where) {
    Call origin = puts.get(put);
    if (origin == null || !origin.key().equals(key) || origin.invokedNanos() - seenNanos > 0) {
      say(Promise.BYTES, "no put of %s has the bytes of %s".formatted(key, where));
    } else if (origin.outcome() == Outcome.REFUSED && isFinal(origin)) {
      say(Promise.BYTES, "%s was refused and read in %s".formatted(origin, where));
    }
  }

  /** A client that chooses its node may ask twice, and be refused the second time by the first. */
  private static boolean isFinal(Call refused) {
    return refused.node() != History.SOME_NODE;
  }

  private void oneValue(String key, List<Call> calls) {
    Map<Long, Long> lastSeen = new LinkedHashMap<>();
    for (Call call : calls) {
      boolean seen = call.outcome() == Outcome.STORED || call.outcome() == Outcome.FOUND;
      if (seen && puts.containsKey(call.put())) {
        lastSeen.merge(call.put(), call.returnedNanos(), Math::max);
      }
    }
    List<Long> values = List.copyOf(lastSeen.keySet());
    for (int i = 0; i < values.size(); i++) {
      for (int j = i + 1; j < values.size(); j++) {
        Call one = put(values.get(i));
        Call other = put(values.get(j));
        long from = Math.min(one.invokedNanos(), other.invokedNanos());
        long to = Math.max(seen(lastSeen, one), seen(lastSeen, other));
        if (!deletedWithin(calls, from, to) && !holderAway(one, other, from, to)) {
          say(Promise.ONE_HOLDER, "%s has two values: %s and %s".formatted(key, one, other));
        }
      }
    }
  }

  private Call put(long number) {
    return java.util.Objects.requireNonNull(puts.get(number));
  }

  private static long seen(Map<Long, Long> lastSeen, Call put) {
    return lastSeen.getOrDefault(put.put(), put.returnedNanos());
  }

  private static boolean deletedWithin(List<Call> calls, long from, long to) {
    return calls.stream()
        .anyMatch(call ->
            call.kind() == Kind.DELETE
                && call.invokedNanos() - to < 0
                && (call.outcome() == Outcome.UNKNOWN || call.returnedNanos() - from > 0));
  }

  private boolean holderAway(Call one, Call other, long from, long to) {
    for (Span span : history.away()) {
      boolean holder =
          one.node() == History.SOME_NODE
              || other.node() == History.SOME_NODE
              || span.node() == one.node()
              || span.node() == other.node();
      if (holder && span.overlaps(from, to)) {
        return true;
      }
    }
    return false;
  }

  private void deletes(List<Call> calls) {
    for (Call delete : calls) {
      if (delete.outcome() != Outcome.DELETED) {
        continue;
      }
      for (Call read : calls) {
        if (read.outcome() != Outcome.FOUND
            || read.invokedNanos() - delete.returnedNanos() < 0
            || !puts.containsKey(read.put())) {
          continue;
        }
        Call put = put(read.put());
        boolean deleted =
            put.outcome() == Outcome.STORED && put.returnedNanos() - delete.invokedNanos() < 0;
        boolean late = read.invokedNanos() - delete.returnedNanos() > STALE_NANOS;
        // Some node may not have heard of the delete, or may have come back with the value.
        boolean excused =
            !none(history.away(), put.invokedNanos(), read.returnedNanos())
                || (!late
                    && !none(history.unwell(), delete.invokedNanos(), delete.returnedNanos()));
        if (deleted && !excused) {
          say(Promise.DELETED, "%s was deleted by %s and read by %s".formatted(put, delete, read));
        }
      }
    }
  }

  private static boolean none(Collection<Span> spans, long from, long to) {
    return spans.stream().noneMatch(span -> span.overlaps(from, to));
  }

  private void audited(String key, List<Call> calls, Found found, long auditNanos) {
    if (found.holders() > 1) {
      say(Promise.ONE_HOLDER, "%s is held by %d nodes".formatted(key, found.holders()));
    }
    for (long put : found.puts()) {
      if (put != 0) {
        bytes(key, put, auditNanos, "the audit of " + key);
      }
    }
    boolean stored = calls.stream().anyMatch(call -> call.outcome() == Outcome.STORED);
    boolean deletable = calls.stream().anyMatch(call -> call.kind() == Kind.DELETE);
    if (stored && !deletable && (found.holders() == 0 || found.puts().contains(0L))) {
      say(
          Promise.KEPT,
          "%s was acknowledged and is held by %d nodes; they answer with puts %s"
              .formatted(key, found.holders(), found.puts()));
    }
  }

  private void deadline(Call call) {
    long took = call.returnedNanos() - call.invokedNanos();
    long excusedNanos = history.stalledNanos(call.invokedNanos(), call.returnedNanos());
    boolean wellNode =
        history.unwell().stream()
            .noneMatch(span ->
                span.node() == call.node()
                    && span.overlaps(call.invokedNanos(), call.returnedNanos()));
    if (wellNode && took - excusedNanos > call.deadlineNanos() + GRACE_NANOS) {
      say(
          Promise.DEADLINE,
          "%d ms instead of at most %d: %s"
              .formatted(took / 1_000_000, call.deadlineNanos() / 1_000_000, call));
    }
  }

  private void say(Promise promise, String how) {
    broken.add(new Broken(promise, how));
  }
}
