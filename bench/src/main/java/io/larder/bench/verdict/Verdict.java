package io.larder.bench.verdict;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The verdict of a run on the promises.
 *
 * @param counts how often each promise was broken
 * @param findings the first of each, with their keys
 * @param unknown stored blocks that cannot be judged, because a member is missing
 * @param unknownKeys the first of them
 * @param missingMembers the missing members
 * @param reportedGone stored blocks that are gone, and that nodes report as evicted, expired,
 *     deleted or dropped
 * @param late calls that were answered after their deadline, or not before they were given up
 * @param lateMaxMs the longest of them
 * @param dropped puts of plain sessions that were accepted and dropped, by reason: they void a run
 */
public record Verdict(
    Map<BrokenPromise, Long> counts,
    List<Finding> findings,
    long unknown,
    List<String> unknownKeys,
    List<String> missingMembers,
    long reportedGone,
    long late,
    long lateMaxMs,
    Map<String, Long> dropped) {
  /** The verdict in one word. */
  public enum Outcome {
    /** Every promise was kept, as far as this run checked. */
    KEPT(0),
    /** At least one was broken. */
    BROKEN(1),
    /** Puts were dropped: the figures are of another load than intended. */
    VOID(1),
    /** No promise was broken, but some stored blocks could not be judged. */
    UNKNOWN(3);

    private final int exitCode;

    Outcome(int exitCode) {
      this.exitCode = exitCode;
    }

    /** The exit code of the process. */
    public int exitCode() {
      return exitCode;
    }
  }

  public Verdict {
    Map<BrokenPromise, Long> ordered = new EnumMap<>(BrokenPromise.class);
    ordered.putAll(counts);
    counts = Collections.unmodifiableMap(ordered);
    findings = List.copyOf(findings);
    unknownKeys = List.copyOf(unknownKeys);
    missingMembers = List.copyOf(missingMembers);
    dropped = Collections.unmodifiableMap(new TreeMap<>(dropped));
  }

  /** The worst outcome: broken, then void, then unknown. */
  @JsonProperty
  public Outcome outcome() {
    if (!counts.isEmpty()) {
      return Outcome.BROKEN;
    }
    if (!dropped.isEmpty()) {
      return Outcome.VOID;
    }
    return unknown > 0 ? Outcome.UNKNOWN : Outcome.KEPT;
  }

  /** How often a promise was broken. */
  public long count(BrokenPromise promise) {
    return counts.getOrDefault(promise, 0L);
  }

  /** In words: broken promises with their keys, unknown blocks, late calls. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    counts.forEach((promise, count) -> {
      lines.add("broken: %s: %,d".formatted(promise, count));
      findings.stream()
          .filter(finding -> finding.promise() == promise)
          .forEach(finding -> lines.add("  " + finding.key() + ": " + finding.how()));
      long shown = findings.stream().filter(finding -> finding.promise() == promise).count();
      if (shown < count) {
        lines.add("  and %,d more".formatted(count - shown));
      }
    });
    if (!dropped.isEmpty()) {
      List<String> reasons = new ArrayList<>();
      dropped.forEach((reason, count) -> reasons.add("%s %,d".formatted(reason, count)));
      lines.add(
          "void: %,d puts were dropped (%s): the figures are not those of the load that was meant"
              .formatted(
                  dropped.values().stream().mapToLong(Long::longValue).sum(),
                  String.join(", ", reasons)));
    }
    if (unknown > 0) {
      lines.add(
          "unknown: %,d stored blocks cannot be judged, since %s cannot be asked: %s%s"
              .formatted(
                  unknown,
                  String.join(", ", missingMembers),
                  String.join(" ", unknownKeys),
                  unknownKeys.size() < unknown ? " …" : ""));
    }
    if (reportedGone > 0) {
      lines.add(
          "gone: %,d stored blocks are no longer there; the nodes report as many as evicted, expired, deleted or dropped"
              .formatted(reportedGone));
    }
    if (late > 0) {
      lines.add(
          "late: %,d calls were answered after their deadline, or given up; the longest took %,d ms"
              .formatted(late, lateMaxMs));
    }
    if (outcome() == Outcome.KEPT) {
      lines.add("every promise was kept");
    }
    return lines;
  }
}
