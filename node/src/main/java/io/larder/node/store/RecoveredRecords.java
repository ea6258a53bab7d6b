package io.larder.node.store;

import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Everything recovery found, kept until all segments are read; then each key's record of the
 * highest LSN that no tombstone kills is its value. The order of finding makes no difference, so
 * recovering twice gives the same result. Adding is thread-safe.
 */
final class RecoveredRecords {
  private static final int LONGS = 4;

  private record Dead(int mode, long ownLsn, long first, long second) {}

  private static final class Slot {
    long[] found = new long[LONGS * 4]; // fingerprint, location, LSN, expiry
    int count;
    final Map<Long, List<Dead>> tombstones = new HashMap<>();
  }

  private final AtomicReferenceArray<Slot> slots = new AtomicReferenceArray<>(Slots.COUNT);

  /** Adds all entries of a segment. */
  void add(int segment, SegmentFooter footer) {
    for (int i = 0; i < footer.count(); i++) {
      if (footer.slot(i) >= Slots.COUNT) {
        continue; // cannot be: the footer's checksum was right
      }
      Slot slot = slot(footer.slot(i));
      synchronized (slot) {
        if (footer.isTombstone(i)) {
          slot.tombstones
              .computeIfAbsent(footer.fingerprint(i), f -> new ArrayList<>(1))
              .add(new Dead(footer.mode(i), footer.lsn(i), footer.first(i), footer.second(i)));
          continue;
        }
        if ((slot.count + 1) * LONGS > slot.found.length) {
          slot.found = Arrays.copyOf(slot.found, slot.found.length * 2);
        }
        int at = slot.count++ * LONGS;
        slot.found[at] = footer.fingerprint(i);
        slot.found[at + 1] = Location.pack(segment, footer.offsetUnits(i), footer.lengthUnits(i));
        slot.found[at + 2] = footer.lsn(i);
        slot.found[at + 3] = footer.expiresAtMs(i);
      }
    }
  }

  /** Fills the index and the segments' live bytes; returns how many records live. Call once. */
  long resolve(Index index, Segments segments, Pins pins) {
    long live = 0;
    for (int s = 0; s < Slots.COUNT; s++) {
      Slot slot = slots.getAndSet(s, null);
      if (slot != null) {
        live += resolve(s, slot, index, segments, pins);
      }
    }
    return live;
  }

  private static int resolve(int number, Slot slot, Index index, Segments segments, Pins pins) {
    LongTable winners = new LongTable(); // fingerprint → place in found + 1
    long[] found = slot.found;
    for (int i = 0; i < slot.count; i++) {
      int at = i * LONGS;
      if (isDead(slot, found[at], found[at + 2])) {
        continue;
      }
      int best = (int) winners.get(found[at]) - 1;
      if (best < 0
          || found[at + 2] > found[best * LONGS + 2]
          || (found[at + 2] == found[best * LONGS + 2]
              && found[at + 1] < found[best * LONGS + 1])) {
        long _ = winners.put(found[at], i + 1);
      }
    }
    for (int i = 0; i < winners.capacity(); i++) {
      if (winners.hashAt(i) != 0) {
        int at = ((int) winners.valueAt(i) - 1) * LONGS;
        long location = found[at + 1];
        long _ = index.put(number, found[at], location, found[at + 3]);
        segments.addLiveBytes(Location.segment(location), Location.lengthBytes(location));
        long pin = pin(slot, found[at], found[at + 2]);
        if (pin != 0) {
          pins.restore(found[at], pin, Location.lengthBytes(location));
        }
      }
    }
    return winners.size();
  }

  private static boolean isDead(Slot slot, long fingerprint, long lsn) {
    for (Dead dead : slot.tombstones.getOrDefault(fingerprint, List.of())) {
      if (Tombstone.kills(dead.mode(), dead.ownLsn(), dead.first(), dead.second(), lsn)) {
        return true;
      }
    }
    return false;
  }

  /** The LSN of the marker that pins the record: the newest word on it says so; else 0. */
  private static long pin(Slot slot, long fingerprint, long lsn) {
    long newest = lsn;
    boolean pinned = false;
    for (Dead word : slot.tombstones.getOrDefault(fingerprint, List.of())) {
      if (word.mode() != Tombstone.ONLY && word.ownLsn() > newest) {
        newest = word.ownLsn();
        pinned = word.mode() == Tombstone.PIN;
      }
    }
    return pinned ? newest : 0;
  }

  private Slot slot(int number) {
    Slot slot = slots.get(number);
    if (slot != null) {
      return slot;
    }
    Slot made = new Slot();
    slot = slots.compareAndExchange(number, null, made);
    return slot == null ? made : slot;
  }
}
