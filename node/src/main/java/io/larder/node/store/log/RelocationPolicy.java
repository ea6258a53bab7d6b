package io.larder.node.store.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses the records that are relocated when their segment is reclaimed: those read most, within a
 * budget to which every reclaimed segment adds. The part that a segment does not use is left for
 * one that has more to save, such as one of relocated records. A segment most of which would have
 * to be copied is spared as a whole, which costs nothing.
 *
 * <p>The reasons for this policy, and the others that were tried, are in docs/eviction.md. One
 * thread.
 */
final class RelocationPolicy {
  /** The share of a segment that may be copies: about 1.2 bytes written a byte put. */
  private static final int RELOCATED_PERCENT = 16;

  private static final int MAX_SAVED_SEGMENTS = 4;

  /** Read once, and less than a turn ago. */
  private static final int MIN_READS = ReadCounts.READ / 2;

  /** A segment with a larger share of bytes worth keeping is spared. */
  private static final int SPARED_PERCENT = 40;

  /** How fast the threshold adapts. */
  private static final double GAIN = 0.1;

  /** A record and how often it was read lately. */
  record Candidate(LiveRecord live, int reads) {}

  private final long segmentBytes;
  private long budgetBytes;
  private double threshold = MIN_READS;

  RelocationPolicy(long segmentBytes) {
    this.segmentBytes = segmentBytes;
  }

  /** Whether most of a segment is worth keeping, so that it should stay as it is. */
  boolean spares(List<Candidate> records) {
    long bytes = 0;
    for (Candidate record : records) {
      bytes += record.reads >= threshold ? record.live.bytes() : 0;
    }
    return bytes > segmentBytes / 100 * SPARED_PERCENT;
  }

  /** Chooses the records to relocate; called once for each segment that is reclaimed. */
  List<LiveRecord> choose(List<Candidate> records, long maxBytes) {
    budgetBytes =
        Math.min(
            budgetBytes + segmentBytes / 100 * RELOCATED_PERCENT,
            MAX_SAVED_SEGMENTS * segmentBytes);
    List<Candidate> byReads = new ArrayList<>(records);
    byReads.removeIf(record -> record.reads < MIN_READS);
    byReads.sort(Comparator.comparingInt(Candidate::reads).reversed());
    List<LiveRecord> chosen = new ArrayList<>();
    long room = Math.min(budgetBytes, maxBytes);
    double lowest = MIN_READS;
    for (Candidate record : byReads) {
      if (record.live.bytes() > room) {
        lowest = record.reads; // too few this time
        break;
      }
      room -= record.live.bytes();
      budgetBytes -= record.live.bytes();
      chosen.add(record.live);
    }
    threshold = Math.max(MIN_READS, threshold + GAIN * (lowest - threshold));
    return chosen;
  }
}
