package io.larder.bench.faults;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The calls of clients in one round, and the failures of nodes meanwhile. Thread-safe. */
final class History {
  /** Stands for a node that the client chose by itself. */
  static final int SOME_NODE = -1;

  /** The kinds of calls. */
  enum Kind {
    PUT,
    GET,
    DELETE
  }

  /** The outcomes of calls. */
  enum Outcome {
    /** To a put: this very value is stored. */
    STORED,
    /** To a put: nothing was written, since the key has a value or another is writing it. */
    REFUSED,
    /** To a get: a value. */
    FOUND,
    /** To a get: none. */
    MISSED,
    /** To a delete: there was a value and it is gone. */
    DELETED,
    /** To a delete: there was none. */
    NOTHING,
    /** An error or no answer: the call may have succeeded, or may yet. */
    UNKNOWN
  }

  /**
   * One call.
   *
   * @param client the name of the client
   * @param node the node that was called; {@link #SOME_NODE} if the client chose by itself
   * @param put the number of the put, or of the put whose value was found; -1 for bytes that are no
   *     put's, 0 for no value
   * @param invokedNanos of {@link System#nanoTime}
   * @param returnedNanos of the same
   * @param deadlineNanos the deadline of the call
   * @param stalledNanos the stall time of this process within the call
   * @param said the error, or nothing
   */
  record Call(
      String client,
      int node,
      Kind kind,
      String key,
      long put,
      Outcome outcome,
      long invokedNanos,
      long returnedNanos,
      long deadlineNanos,
      long stalledNanos,
      String said) {
    /** With times in ms of the same clock. */
    @Override
    public String toString() {
      return "[%s %s %s %d: %s%s, %d to %d ms]"
          .formatted(
              client,
              kind,
              key,
              put,
              outcome,
              said.isEmpty() ? "" : " (" + said + ")",
              invokedNanos / 1_000_000,
              returnedNanos / 1_000_000);
    }
  }

  /** A time span, of {@link System#nanoTime}. */
  record Span(int node, long fromNanos, long toNanos) {
    boolean overlaps(long from, long to) {
      return fromNanos - to < 0 && toNanos - from > 0;
    }

    /** The part of it between two moments. */
    long within(long from, long to) {
      return overlaps(from, to) ? Math.min(to, toNanos) - Math.max(from, fromNanos) : 0;
    }
  }

  private final ConcurrentLinkedQueue<Call> calls = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Span> away = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Span> unwell = new ConcurrentLinkedQueue<>();

  void add(Call call) {
    calls.add(call);
  }

  /** A node's incarnation ended in this time, and its values counted as absent. */
  void away(Span span) {
    away.add(span);
  }

  /** A node was not expected to answer, or to receive deletes, in this time. */
  void unwell(Span span) {
    unwell.add(span);
  }

  List<Call> calls() {
    return List.copyOf(calls);
  }

  List<Span> away() {
    return List.copyOf(away);
  }

  List<Span> unwell() {
    return List.copyOf(unwell);
  }

  /** Every key that was put, in the order of the first call. */
  List<String> keys() {
    List<String> keys = new ArrayList<>();
    calls.stream().map(Call::key).distinct().forEach(keys::add);
    return keys;
  }

  /** The keys with a stored put and without deletes. */
  Set<String> keptKeys() {
    Map<String, List<Call>> byKey = new HashMap<>();
    calls.forEach(call -> byKey.computeIfAbsent(call.key(), _ -> new ArrayList<>()).add(call));
    Set<String> kept = new HashSet<>();
    byKey.forEach((key, made) -> {
      if (Checker.isKept(made)) {
        kept.add(key);
      }
    });
    return kept;
  }
}
