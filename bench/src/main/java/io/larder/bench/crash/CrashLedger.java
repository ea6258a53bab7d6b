package io.larder.bench.crash;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The store's acknowledgements and drops, kept by a process that is not killed, and the verdict on
 * the versions that each restart finds.
 *
 * <p>A put may be missing only if the store reported that it dropped that record, by its stamp, for
 * lack of room. The store reports after the entry is gone and before it overwrites the segment's
 * header, so no record can vanish from the device before its note is in the pipe; a record noted
 * and then saved by the kill may be found again. Dropping for lack of room is checked itself: a
 * whole device keeps at least {@link #LEAST_KEPT_PERCENT} of its bytes behind the newest.
 *
 * <p>Not thread-safe.
 */
final class CrashLedger {
  /**
   * Records within this newest share of the device cannot have been dropped for room. Where all
   * records are read often, as here, reclaim passes over eight segments for each that it frees, so
   * the newest ninth is safe, but for the segments that are open or kept free.
   */
  static final int LEAST_KEPT_PERCENT = 5;

  private static final int MAX_TOLD = 20;

  private static final class Entry {
    final KeyHistory history = new KeyHistory();

    /** The stamp of the newest record, 0 if this process has not reported it yet. */
    long stamp;

    /** The number of bytes stored before it. */
    long storedAtBytes;

    /**
     * Dropped in this process: its segment may still stand, and the next recovery find it again.
     */
    boolean evicted;
  }

  private final Entry[] entries;
  private final long capacityBytes;
  private final Set<Long> evictedStamps = new HashSet<>();
  private final List<String> told = new ArrayList<>();
  private long storedBytes;
  private long lost;
  private long wrong;
  private long returned;
  private long early;
  private long failed;
  private long puts;
  private long deletes;
  private long evictions;
  private long reads;
  private long recovered;

  CrashLedger(int keys, long capacityBytes) {
    this.capacityBytes = capacityBytes;
    this.entries = new Entry[keys];
    for (int i = 0; i < keys; i++) {
      entries[i] = new Entry();
    }
  }

  /** Begins a new process: records that reclaim had moved have new stamps. */
  void restarted() {
    evictedStamps.clear();
    for (Entry entry : entries) {
      entry.stamp = 0;
      entry.evicted = false;
    }
  }

  void apply(Note note) {
    switch (note.kind()) {
      case RECOVERED -> recovered(note);
      case PUTTING -> entry(note).history.putStarted(note.version());
      case PUT -> put(note);
      case DISCARDED -> entry(note).history.discardAcknowledged(note.version());
      case DELETING -> entry(note).history.deleteStarted();
      case DELETED -> {
        deletes++;
        entry(note).history.deleteAcknowledged();
      }
      case READ -> {
        reads++;
        judge(note, "was read");
      }
      case EVICTED -> evicted(note);
      case WRONG, DAMAGED -> {
        wrong++;
        tell(note + ": not the bytes that were put");
      }
      case FAILED -> {
        failed++;
        tell(note + ": failed for no reason");
      }
      case OPENING, OPENED, LOOKED, OPEN_NANOS, BYTES_READ, BYTES_NEEDED, RECORDS, HEAP_BYTES -> {}
    }
  }

  private void put(Note note) {
    puts++;
    Entry entry = entry(note);
    storedBytes += Content.length(note.key(), note.version());
    entry.storedAtBytes = storedBytes;
    entry.history.putAcknowledged(note.version());
    entry.stamp = note.value();
    if (evictedStamps.contains(note.value())) { // faster than its acknowledgement
      entry.history.evicted();
    }
  }

  private void evicted(Note note) {
    evictions++;
    Entry entry = entry(note);
    evictedStamps.add(note.value());
    if (entry.stamp != 0 && entry.stamp != note.value()) {
      return; // an acknowledgement that is still to come, or a record that was replaced meanwhile
    }
    entry.history.evicted();
    entry.evicted = true;
    long since = storedBytes - entry.storedAtBytes;
    if (entry.storedAtBytes > 0 && since * 100 < capacityBytes * LEAST_KEPT_PERCENT) {
      early++;
      tell(note + ": dropped after only " + since + " bytes more");
    }
  }

  private void recovered(Note note) {
    recovered += note.version() == KeyHistory.ABSENT ? 0 : 1;
    Entry entry = entry(note);
    judge(note, "was recovered");
    if (note.version() != KeyHistory.ABSENT) {
      entry.history.recovered(note.version());
      entry.stamp = note.value();
      if (evictedStamps.contains(note.value())) { // between its being read and this note
        entry.history.evicted();
      }
    } else if (!entry.evicted) {
      entry.history.recovered(KeyHistory.ABSENT);
    }
  }

  private void judge(Note note, String how) {
    Entry entry = entry(note);
    switch (entry.history.judge(note.version())) {
      case ALLOWED -> {
        return;
      }
      case LOST -> lost++;
      case RETURNED -> returned++;
      case INVENTED -> wrong++;
    }
    tell(note + " " + how + ", not of " + entry.history.allowed());
  }

  private void tell(String what) {
    if (told.size() < MAX_TOLD) {
      told.add(what);
    }
  }

  private Entry entry(Note note) {
    return entries[note.key()];
  }

  /** Acknowledged puts that are missing without a reason. */
  long lost() {
    return lost;
  }

  /** Reads of bytes that no put wrote. */
  long wrong() {
    return wrong;
  }

  /** Deleted or discarded versions that returned. */
  long returned() {
    return returned;
  }

  /** Records dropped while the device had room. */
  long early() {
    return early;
  }

  /** Operations that failed. */
  long failed() {
    return failed;
  }

  /** Acknowledged puts. */
  long puts() {
    return puts;
  }

  /** Acknowledged deletions. */
  long deletes() {
    return deletes;
  }

  /** Records dropped for room. */
  long evictions() {
    return evictions;
  }

  /** Reads under load that were checked against this ledger. */
  long reads() {
    return reads;
  }

  /** Records that the restarts found, all of them verified. */
  long recovered() {
    return recovered;
  }

  /** The first violations, in words. */
  List<String> told() {
    return List.copyOf(told);
  }
}
