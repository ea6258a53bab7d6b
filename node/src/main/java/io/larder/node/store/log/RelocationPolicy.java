package io.larder.node.store.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which records outlive the reclaim of their segment: those read most, as far as a budget goes that
 * every reclaimed segment adds to. What a segment does not use of it is left for one that has more
 * to save, such as one of records that were carried on before. A segment most of which would have
 * to be copied is spared as a whole, which costs nothing.
 *
 * <p>How it was chosen and what else was tried: docs/eviction.md. One thread.
 */
final class RelocationPolicy {
  /** Of what is written, so much may be copies: about 1.2 bytes written a byte put. */
  private static final int CARRIED_PERCENT = 16;

  private static final int MAX_SAVED_SEGMENTS = 4;

  /** Read once, and less than a turn ago. */
  private static final int MIN_READS = ReadCounts.READ / 2;

  /** A segment with more bytes than that worth keeping is spared. */
  private static final int SPARED_PERCENT = 40;

  /** How fast the threshold follows. */
  private static final double GAIN = 0.1;

  /** A record and how often it was read lately. */
  record Candidate(Relocator.Live live, int reads) {}

  private final long segmentBytes;
  private long budgetBytes;
  private double threshold = MIN_READS;

  RelocationPolicy(long segmentBytes) {
    this.segmentBytes = segmentBytes;
  }

  /** Whether so much of a segment is worth keeping that it should stay as it is. */
  boolean spares(List<Candidate> records) {
    long bytes = 0;
    for (Candidate record : records) {
      bytes += record.reads >= threshold ? record.live.bytes() : 0;
    }
    return bytes > segmentBytes / 100 * SPARED_PERCENT;
  }

  /** The records of a segment to be carried on, called once for each that is reclaimed. */
  List<Relocator.Live> carried(List<Candidate> records, long maxBytes) {
    budgetBytes =
        Math.min(
            budgetBytes + segmentBytes / 100 * CARRIED_PERCENT, MAX_SAVED_SEGMENTS * segmentBytes);
    List<Candidate> byReads = new ArrayList<>(records);
    byReads.removeIf(record -> record.reads < MIN_READS);
    byReads.sort(Comparator.comparingInt(Candidate::reads).reversed());
    List<Relocator.Live> carried = new ArrayList<>();
    long room = Math.min(budgetBytes, maxBytes);
    double lowest = MIN_READS;
    for (Candidate record : byReads) {
      if (record.live.bytes() > room) {
        lowest = record.reads; // what was too little this time
        break;
      }
      room -= record.live.bytes();
      budgetBytes -= record.live.bytes();
      carried.add(record.live);
    }
    threshold = Math.max(MIN_READS, threshold + GAIN * (lowest - threshold));
    return carried;
  }
}
