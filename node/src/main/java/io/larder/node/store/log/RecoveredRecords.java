package io.larder.node.store.log;

import io.larder.node.block.Block;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.Tombstone;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * All records that recovery found, kept until all segments are read; then each key's record of the
 * highest LSN that no tombstone kills is its value. The order of adding makes no difference, so
 * recovering twice gives the same result.
 *
 * <p>A counting sort lays the records out by slot, so that each slot's table is made at once, of
 * the size it will have, from what lies together, on all processors. Adding is thread-safe.
 */
final class RecoveredRecords {
  private static final int LONGS = 4; // fingerprint, location, LSN, expiry

  private record Listing(int segment, SegmentFooter records) {}

  /** A tombstone or a pin marker of a fingerprint. */
  private record Mark(int mode, long ownLsn, long first, long second) {}

  private final ConcurrentLinkedQueue<Listing> found = new ConcurrentLinkedQueue<>();

  /** Adds all entries of a segment. */
  void add(int segment, SegmentFooter records) {
    found.add(new Listing(segment, records));
  }

  /** Forgets a segment if each of its entries is listed by another one, too. */
  boolean dropIfCopied(int segment) {
    Set<Long> lsns = new HashSet<>(); // copies of a record share its LSN
    for (Listing listed : found) {
      for (int i = 0; listed.segment == segment && i < listed.records.count(); i++) {
        lsns.add(listed.records.lsn(i));
      }
    }
    for (Listing listed : found) {
      for (int i = 0; listed.segment != segment && i < listed.records.count(); i++) {
        lsns.remove(listed.records.lsn(i));
      }
    }
    return lsns.isEmpty() && found.removeIf(listed -> listed.segment == segment);
  }

  /** Fills the index and the segments' live bytes; returns how many records live. Call once. */
  long resolve(Index index, Segments segments, Pins pins) {
    Map<Integer, Map<Long, List<Mark>>> marks = new HashMap<>();
    int[] ends = new int[Slots.COUNT];
    for (Listing listed : found) {
      count(listed.records, ends, marks);
    }
    for (int slot = 1; slot < Slots.COUNT; slot++) {
      ends[slot] = Math.addExact(ends[slot], ends[slot - 1]);
    }
    long[] values = new long[Math.multiplyExact(LONGS, ends[Slots.COUNT - 1])];
    int[] next = new int[Slots.COUNT];
    System.arraycopy(ends, 0, next, 1, Slots.COUNT - 1);
    for (Listing listed = found.poll(); listed != null; listed = found.poll()) {
      copy(listed, values, next);
    }
    return IntStream.range(0, Slots.COUNT)
        .parallel()
        .mapToLong(slot -> {
          int from = slot == 0 ? 0 : ends[slot - 1];
          return from == ends[slot]
              ? 0
              : new Slot(values, from, ends[slot], marks.getOrDefault(slot, Map.of()))
                  .resolve(slot, index, segments, pins);
        })
        .sum();
  }

  private static void count(
      SegmentFooter records, int[] counts, Map<Integer, Map<Long, List<Mark>>> marks) {
    for (int i = 0; i < records.count(); i++) {
      int slot = records.slot(i);
      if (slot >= Slots.COUNT) {
        continue; // cannot be: the footer's checksum was right
      }
      if (records.isTombstone(i)) {
        marks
            .computeIfAbsent(slot, s -> new HashMap<>())
            .computeIfAbsent(records.fingerprint(i), f -> new ArrayList<>(1))
            .add(new Mark(records.mode(i), records.lsn(i), records.first(i), records.second(i)));
      } else {
        counts[slot]++;
      }
    }
  }

  private static void copy(Listing listed, long[] values, int[] next) {
    SegmentFooter records = listed.records;
    for (int i = 0; i < records.count(); i++) {
      if (records.slot(i) >= Slots.COUNT || records.isTombstone(i)) {
        continue;
      }
      int at = LONGS * next[records.slot(i)]++;
      values[at] = records.fingerprint(i);
      values[at + 1] =
          Location.pack(listed.segment, records.offsetUnits(i), records.lengthUnits(i));
      values[at + 2] = records.lsn(i);
      values[at + 3] = records.expiresAtMs(i);
    }
  }

  /** The values {@code from} to before {@code to}, which are those of one slot. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Slot(long[] values, int from, int to, Map<Long, List<Mark>> marks) {

    long resolve(int number, Index index, Segments segments, Pins pins) {
      LongTable table = winners(); // fingerprint → place + 1
      LongTable expiries = null;
      for (int i = 0; i < table.capacity(); i++) {
        long fingerprint = table.hashAt(i);
        if (fingerprint == 0) {
          continue;
        }
        int at = LONGS * ((int) table.valueAt(i) - 1);
        long location = values[at + 1];
        table.valueAt(i, location);
        expiries = withExpiry(expiries, fingerprint, values[at + 3]);
        segments.addLiveBytes(Location.segment(location), Location.lengthBytes(location));
        long pin = pin(fingerprint, values[at + 2]);
        if (pin != 0) {
          pins.restore(fingerprint, pin, Location.lengthBytes(location));
        }
      }
      index.install(number, table, expiries);
      return table.size();
    }

    private LongTable winners() {
      LongTable winners = new LongTable(to - from);
      for (int place = from; place < to; place++) {
        int at = LONGS * place;
        if (isDead(values[at], values[at + 2])) {
          continue;
        }
        int best = (int) winners.get(values[at]) - 1;
        if (best < 0 || isBetter(at, LONGS * best)) {
          winners.put(values[at], place + 1);
        }
      }
      winners.trim();
      return winners;
    }

    /** The newer; of two copies of one record the one in the lower place. */
    private boolean isBetter(int at, int best) {
      return values[at + 2] == values[best + 2]
          ? values[at + 1] < values[best + 1]
          : values[at + 2] > values[best + 2];
    }

    private static @Nullable LongTable withExpiry(
        @Nullable LongTable expiries, long fingerprint, long expiresAtMs) {
      if (expiresAtMs == Block.NEVER) {
        return expiries;
      }
      LongTable table = expiries == null ? new LongTable(0) : expiries;
      table.put(fingerprint, Math.max(1, expiresAtMs));
      return table;
    }

    private boolean isDead(long fingerprint, long lsn) {
      if (marks.isEmpty()) {
        return false;
      }
      for (Mark mark : marks.getOrDefault(fingerprint, List.of())) {
        if (Tombstone.kills(mark.mode, mark.ownLsn, mark.first, mark.second, lsn)) {
          return true;
        }
      }
      return false;
    }

    /** The LSN of the marker that pins the record, if that is the newest mark; else 0. */
    private long pin(long fingerprint, long lsn) {
      long newest = lsn;
      boolean pinned = false;
      if (marks.isEmpty()) {
        return 0;
      }
      for (Mark mark : marks.getOrDefault(fingerprint, List.of())) {
        if (mark.mode != Tombstone.ONLY && mark.ownLsn > newest) {
          newest = mark.ownLsn;
          pinned = mark.mode == Tombstone.PIN;
        }
      }
      return pinned ? newest : 0;
    }
  }
}
