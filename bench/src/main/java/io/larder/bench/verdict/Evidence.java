package io.larder.bench.verdict;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Collects a run's findings: keeps the first of each kind and counts all. Thread-safe. */
public final class Evidence {
  private static final int KEPT_OF_EACH = 10;

  private final Map<BrokenPromise, Long> counts = new EnumMap<>(BrokenPromise.class);
  private final List<Finding> findings = new ArrayList<>();
  private final List<String> unknownKeys = new ArrayList<>();
  private final TreeSet<String> missingMembers = new TreeSet<>();
  private final Map<String, Long> dropped = new TreeMap<>();
  private long unknown;
  private long reportedGone;
  private long late;
  private long lateMaxNanos;

  /** Records a broken promise. */
  public synchronized void broken(BrokenPromise promise, String key, String how) {
    if (counts.merge(promise, 1L, Long::sum) <= KEPT_OF_EACH) {
      findings.add(new Finding(promise, key, how));
    }
  }

  /**
   * Records stored blocks that no node has.
   *
   * @param keys keys that were queried at every present member, repeatedly
   * @param reported the number of blocks that the nodes report as evicted, expired, deleted or
   *     dropped
   * @param missing the members that are not present
   */
  public synchronized void gone(
      Collection<String> keys, long reported, Collection<String> missing) {
    if (!missing.isEmpty()) {
      unknown(keys, missing);
      return;
    }
    long explained = Math.min(Math.max(0, reported - reportedGone), keys.size());
    reportedGone += explained;
    long lost = keys.size() - explained;
    int n = 0;
    for (String key : keys) {
      if (n++ == lost) {
        return;
      }
      broken(
          BrokenPromise.LOST,
          key,
          explained == 0
              ? "it was stored, every member is present, none has it and none reports that it was"
                  + " evicted, expired, deleted or dropped"
              : "%d stored blocks are nowhere, every member is present, and the nodes report only %d as evicted, expired, deleted or dropped: %s"
                  .formatted(keys.size(), explained, first(keys)));
    }
  }

  /** Records blocks that cannot be judged, because a member that may hold them is missing. */
  public synchronized void unknown(Collection<String> keys, Collection<String> missing) {
    unknown += keys.size();
    missingMembers.addAll(missing);
    keys.stream().limit(KEPT_OF_EACH - unknownKeys.size()).forEach(unknownKeys::add);
  }

  /** Records a call that was answered or given up past its deadline, after so long. */
  public synchronized void late(long tookNanos) {
    late++;
    lateMaxNanos = Math.max(lateMaxNanos, tookNanos);
  }

  /** Records accepted puts that were dropped during the run, by reason. */
  public synchronized void dropped(Map<String, Long> byReason) {
    byReason.forEach((reason, count) -> {
      if (count > 0) {
        dropped.merge(reason, count, Long::sum);
      }
    });
  }

  /** The verdict on the evidence so far. */
  public synchronized Verdict verdict() {
    return new Verdict(
        counts,
        findings,
        unknown,
        unknownKeys,
        List.copyOf(missingMembers),
        reportedGone,
        late,
        lateMaxNanos / 1_000_000,
        dropped);
  }

  private static String first(Collection<String> keys) {
    List<String> shown = keys.stream().limit(KEPT_OF_EACH).toList();
    return String.join(" ", shown) + (shown.size() < keys.size() ? " …" : "");
  }
}
