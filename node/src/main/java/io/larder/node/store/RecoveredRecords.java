package io.larder.node.store;

import io.larder.node.block.Block;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Everything recovery found, kept until all segments are read; then each key's record of the
 * highest LSN that no tombstone kills is its value. The order of finding makes no difference, so
 * recovering twice gives the same result.
 *
 * <p>The footers stay as they were read. A counting sort lists their entries by slot, and then each
 * slot's table is made at once, of the size it will have, on all processors. Adding is thread-safe.
 */
final class RecoveredRecords {
  private record Listed(int segment, SegmentFooter records) {}

  private record Word(int mode, long ownLsn, long first, long second) {}

  private final ConcurrentLinkedQueue<Listed> found = new ConcurrentLinkedQueue<>();

  /** Adds all entries of a segment. */
  void add(int segment, SegmentFooter records) {
    boolean _ = found.add(new Listed(segment, records));
  }

  /** Forgets a segment if each of its entries is listed by another one, too. */
  boolean dropIfCopied(int segment) {
    Set<Long> lsns = new HashSet<>(); // copies of a record share its LSN
    for (Listed listed : found) {
      for (int i = 0; listed.segment == segment && i < listed.records.count(); i++) {
        boolean _ = lsns.add(listed.records.lsn(i));
      }
    }
    for (Listed listed : found) {
      for (int i = 0; listed.segment != segment && i < listed.records.count(); i++) {
        boolean _ = lsns.remove(listed.records.lsn(i));
      }
    }
    return lsns.isEmpty() && found.removeIf(listed -> listed.segment == segment);
  }

  /** Fills the index and the segments' live bytes; returns how many records live. Call once. */
  long resolve(Index index, Segments segments, Pins pins) {
    List<Listed> all = new ArrayList<>(found);
    found.clear();
    all.sort(Comparator.comparingInt(Listed::segment));
    int[] ends = ends(all);
    long[] entries = bySlot(all, ends);
    return IntStream.range(0, Slots.COUNT)
        .parallel()
        .mapToLong(slot -> {
          int from = slot == 0 ? 0 : ends[slot - 1];
          return from == ends[slot]
              ? 0
              : new Slot(slot, all, entries, from, ends[slot]).resolve(index, segments, pins);
        })
        .sum();
  }

  /** Where each slot's entries will end. */
  private static int[] ends(List<Listed> all) {
    int[] ends = new int[Slots.COUNT];
    for (Listed listed : all) {
      for (int i = 0; i < listed.records.count(); i++) {
        if (listed.records.slot(i) < Slots.COUNT) { // else it is none of ours
          ends[listed.records.slot(i)]++;
        }
      }
    }
    for (int slot = 1; slot < Slots.COUNT; slot++) {
      ends[slot] = Math.addExact(ends[slot], ends[slot - 1]);
    }
    return ends;
  }

  /** Every entry as {@code number in the list << 32 | number in its footer}, slot by slot. */
  private static long[] bySlot(List<Listed> all, int[] ends) {
    long[] entries = new long[ends[Slots.COUNT - 1]];
    int[] next = new int[Slots.COUNT];
    System.arraycopy(ends, 0, next, 1, Slots.COUNT - 1);
    for (int number = 0; number < all.size(); number++) {
      SegmentFooter records = all.get(number).records;
      for (int i = 0; i < records.count(); i++) {
        if (records.slot(i) < Slots.COUNT) {
          entries[next[records.slot(i)]++] = (long) number << 32 | i;
        }
      }
    }
    return entries;
  }

  /** The entries of one slot. */
  private static final class Slot {
    private final int number;
    private final List<Listed> all;
    private final long[] entries;
    private final int from;
    private final int to;
    private final Map<Long, List<Word>> words = new HashMap<>(0);

    Slot(int number, List<Listed> all, long[] entries, int from, int to) {
      this.number = number;
      this.all = all;
      this.entries = entries;
      this.from = from;
      this.to = to;
    }

    long resolve(Index index, Segments segments, Pins pins) {
      int values = 0;
      for (int at = from; at < to; at++) {
        if (records(at).isTombstone(entry(at))) {
          addWord(records(at), entry(at));
        } else {
          values++;
        }
      }
      LongTable table = winners(values); // fingerprint → place among the entries + 1
      LongTable expiries = null;
      for (int i = 0; i < table.capacity(); i++) {
        long fingerprint = table.hashAt(i);
        if (fingerprint == 0) {
          continue;
        }
        int at = (int) table.valueAt(i) - 1;
        long location = location(at);
        table.valueAt(i, location);
        expiries = withExpiry(expiries, fingerprint, records(at).expiresAtMs(entry(at)));
        segments.addLiveBytes(Location.segment(location), Location.lengthBytes(location));
        long pin = pin(fingerprint, records(at).lsn(entry(at)));
        if (pin != 0) {
          pins.restore(fingerprint, pin, Location.lengthBytes(location));
        }
      }
      index.install(number, table, expiries);
      return table.size();
    }

    private LongTable winners(int values) {
      LongTable winners = new LongTable(values);
      for (int at = from; at < to; at++) {
        SegmentFooter records = records(at);
        int i = entry(at);
        long fingerprint = records.fingerprint(i);
        if (records.isTombstone(i) || isDead(fingerprint, records.lsn(i))) {
          continue;
        }
        int best = (int) winners.get(fingerprint) - 1;
        if (best < 0 || isBetter(at, best)) {
          long _ = winners.put(fingerprint, at + 1);
        }
      }
      winners.trim();
      return winners;
    }

    /** The newer; of two copies of one record the one in the lower place. */
    private boolean isBetter(int at, int best) {
      long lsn = records(at).lsn(entry(at));
      long bestLsn = records(best).lsn(entry(best));
      return lsn == bestLsn ? location(at) < location(best) : lsn > bestLsn;
    }

    private static @Nullable LongTable withExpiry(
        @Nullable LongTable expiries, long fingerprint, long expiresAtMs) {
      if (expiresAtMs == Block.NEVER) {
        return expiries;
      }
      LongTable table = expiries == null ? new LongTable(0) : expiries;
      long _ = table.put(fingerprint, Math.max(1, expiresAtMs));
      return table;
    }

    private void addWord(SegmentFooter records, int i) {
      words
          .computeIfAbsent(records.fingerprint(i), f -> new ArrayList<>(1))
          .add(new Word(records.mode(i), records.lsn(i), records.first(i), records.second(i)));
    }

    private boolean isDead(long fingerprint, long lsn) {
      for (Word word : words.getOrDefault(fingerprint, List.of())) {
        if (Tombstone.kills(word.mode, word.ownLsn, word.first, word.second, lsn)) {
          return true;
        }
      }
      return false;
    }

    /** The LSN of the marker that pins the record: the newest word on it says so; else 0. */
    private long pin(long fingerprint, long lsn) {
      long newest = lsn;
      boolean pinned = false;
      for (Word word : words.getOrDefault(fingerprint, List.of())) {
        if (word.mode != Tombstone.ONLY && word.ownLsn > newest) {
          newest = word.ownLsn;
          pinned = word.mode == Tombstone.PIN;
        }
      }
      return pinned ? newest : 0;
    }

    private SegmentFooter records(int at) {
      return all.get((int) (entries[at] >>> 32)).records;
    }

    private int entry(int at) {
      return (int) entries[at];
    }

    private long location(int at) {
      Listed listed = all.get((int) (entries[at] >>> 32));
      int i = (int) entries[at];
      return Location.pack(
          listed.segment, listed.records.offsetUnits(i), listed.records.lengthUnits(i));
    }
  }
}
