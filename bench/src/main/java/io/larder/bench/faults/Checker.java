package io.larder.bench.faults;

import static io.larder.bench.verdict.BrokenPromise.HANG;
import static io.larder.bench.verdict.BrokenPromise.NEVER_SETTLED;
import static io.larder.bench.verdict.BrokenPromise.TWO_COPIES;
import static io.larder.bench.verdict.BrokenPromise.WRONG_BYTES;

import io.larder.bench.faults.History.Call;
import io.larder.bench.faults.History.Kind;
import io.larder.bench.faults.History.Outcome;
import io.larder.bench.faults.History.Span;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.Patience;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Checks a round's history, and the audit after its recovery, against the promises. Does no I/O.
 *
 * <p>Every put has bytes of its own, so two values of one key are two successful puts. For a key
 * without deletes that is allowed only if the first one's holder was away in between: its
 * incarnation had ended, so the key was free. A call that failed, or was not answered, may have
 * succeeded at any time after it was made.
 */
final class Checker {
  /** How long a node that missed a delete may serve the value from its memory. */
  private static final long STALE_NANOS = 60_000_000_000L;

  /**
   * The result of an audit of one key.
   *
   * @param holders the number of nodes with it on their devices
   * @param puts for each node the number of the put it answered with, 0 for a miss
   * @param silent the nodes that did not answer
   */
  record Found(int holders, List<Long> puts, Set<String> silent) {
    static final Found NOTHING = new Found(0, List.of(), Set.of());

    Found {
      puts = List.copyOf(puts);
      silent = Set.copyOf(silent);
    }

    /** Every node answered, and none has it. */
    boolean isNowhere() {
      return silent.isEmpty() && holders == 0 && puts.stream().allMatch(put -> put == 0);
    }
  }

  private final History history;
  private final Evidence evidence;
  private final List<String> gone = new ArrayList<>();
  private long deletedReadWithinAMinute;
  private final Map<Long, Call> puts = new HashMap<>();
  private final Map<String, List<Call>> byKey = new LinkedHashMap<>();

  private Checker(History history, Evidence evidence) {
    this.history = history;
    this.evidence = evidence;
    for (Call call : history.calls()) {
      byKey.computeIfAbsent(call.key(), _ -> new ArrayList<>()).add(call);
      if (call.kind() == Kind.PUT) {
        puts.put(call.put(), call);
      }
    }
  }

  /**
   * Records every broken promise, once for each call or key that shows it, and every late call.
   *
   * @param audit by key
   * @param auditNanos the time of the audit, of {@link System#nanoTime}
   * @param reported the number of records that the nodes report as evicted or dropped
   * @return reads of a deleted value within a minute, which a busy node's memory may give
   */
  static long check(
      History history,
      Map<String, Found> audit,
      long auditNanos,
      long reported,
      Evidence evidence) {
    Checker checker = new Checker(history, evidence);
    checker.byKey.forEach((key, calls) -> {
      checker.bytes(calls);
      checker.oneValue(key, calls);
      checker.deletes(calls);
      Found found = audit.get(key);
      if (found != null) {
        checker.audited(key, calls, found, auditNanos);
      }
    });
    evidence.gone(checker.gone, reported, Set.of());
    history.calls().forEach(checker::deadline);
    return checker.deletedReadWithinAMinute;
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
      say(WRONG_BYTES, key, "no put of it has the bytes of " + where);
    } else if (origin.outcome() == Outcome.REFUSED && isFinal(origin)) {
      say(WRONG_BYTES, key, "%s was refused and read in %s".formatted(origin, where));
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
          say(TWO_COPIES, key, "two values: %s and %s".formatted(one, other));
        }
      }
    }
  }

  private Call put(long number) {
    return Objects.requireNonNull(puts.get(number));
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
        // A returning node may have brought the value back.
        boolean excused = !none(history.away(), put.invokedNanos(), read.returnedNanos());
        if (!deleted || excused) {
          continue;
        }
        if (late) {
          say(
              WRONG_BYTES,
              read.key(),
              "%s was deleted by %s and read by %s".formatted(put, delete, read));
        } else {
          deletedReadWithinAMinute++;
        }
      }
    }
  }

  private static boolean none(Collection<Span> spans, long from, long to) {
    return spans.stream().noneMatch(span -> span.overlaps(from, to));
  }

  private void audited(String key, List<Call> calls, Found found, long auditNanos) {
    if (found.holders() > 1) {
      say(TWO_COPIES, key, found.holders() + " nodes hold it");
    }
    for (long put : found.puts()) {
      if (put != 0) {
        bytes(key, put, auditNanos, "the audit of " + key);
      }
    }
    if (!isKept(calls)) {
      return;
    }
    if (!found.silent().isEmpty()) {
      evidence.unknown(List.of(key), found.silent());
    } else if (found.isNowhere()) {
      gone.add(key);
    } else if (found.holders() == 0 || found.puts().contains(0L)) {
      say(
          NEVER_SETTLED,
          key,
          "it was stored and is held by %d nodes; they answer with puts %s"
              .formatted(found.holders(), found.puts()));
    }
  }

  /** Whether a put was stored and no delete was attempted. */
  static boolean isKept(List<Call> calls) {
    return calls.stream().anyMatch(call -> call.outcome() == Outcome.STORED)
        && calls.stream().noneMatch(call -> call.kind() == Kind.DELETE);
  }

  private void deadline(Call call) {
    long took = call.returnedNanos() - call.invokedNanos();
    long own = took - call.stalledNanos();
    long unwell = 0;
    for (Span span : history.unwell()) {
      if (span.node() == call.node()) {
        unwell += span.within(call.invokedNanos(), call.returnedNanos());
      }
    }
    if (own - unwell > call.deadlineNanos() + Patience.HANG.toNanos()) {
      say(
          HANG,
          call.key(),
          "%d s, with a deadline of %d ms: %s"
              .formatted(took / 1_000_000_000, call.deadlineNanos() / 1_000_000, call));
    }
    if (unwell == 0 && own > call.deadlineNanos()) {
      evidence.late(took);
    }
  }

  private void say(BrokenPromise promise, String key, String how) {
    evidence.broken(promise, key, how);
  }
}
