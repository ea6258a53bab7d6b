package io.larder.node.store.log;

import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.RecordHeader;
import io.larder.node.store.format.SegmentState;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The state of each segment while the store is open. Thread-safe, element by element. */
final class Segments {
  private final AtomicReferenceArray<SegmentState> states;
  private final AtomicIntegerArray generations;
  private final AtomicReferenceArray<Nonce> nonces;
  private final AtomicIntegerArray readers;
  private final AtomicIntegerArray unsettled;
  private final AtomicIntegerArray suspects;
  private final AtomicLongArray liveBytes;
  private final AtomicLongArray lowestLsn;
  private final AtomicLongArray openedLsn;

  Segments(int count) {
    states = new AtomicReferenceArray<>(count);
    generations = new AtomicIntegerArray(count);
    nonces = new AtomicReferenceArray<>(count);
    readers = new AtomicIntegerArray(count);
    unsettled = new AtomicIntegerArray(count);
    suspects = new AtomicIntegerArray(count);
    liveBytes = new AtomicLongArray(count);
    lowestLsn = new AtomicLongArray(count);
    openedLsn = new AtomicLongArray(count);
    for (int i = 0; i < count; i++) {
      states.set(i, SegmentState.FREE);
      nonces.set(i, Nonce.NONE);
      lowestLsn.set(i, Long.MAX_VALUE);
    }
  }

  int count() {
    return states.length();
  }

  SegmentState state(int segment) {
    return states.get(segment);
  }

  void state(int segment, SegmentState state) {
    states.set(segment, state);
  }

  boolean change(int segment, SegmentState from, SegmentState to) {
    return states.compareAndSet(segment, from, to);
  }

  /** Ends the writing of a segment: sealed, unless it turned out unreadable meanwhile. */
  void sealed(int segment) {
    states.set(segment, SegmentState.SEALED);
    if (suspects.get(segment) != 0) {
      change(segment, SegmentState.SEALED, SegmentState.QUARANTINED);
    }
  }

  /** Quarantines a segment now, or when its writing ends; false if that was requested before. */
  boolean quarantine(int segment) {
    boolean first = suspects.getAndSet(segment, 1) == 0;
    change(segment, SegmentState.SEALED, SegmentState.QUARANTINED);
    return first;
  }

  /** The number of segments that could not be read or written. */
  int suspects() {
    int sum = 0;
    for (int i = 0; i < count(); i++) {
      sum += suspects.get(i);
    }
    return sum;
  }

  int generation(int segment) {
    return generations.get(segment);
  }

  Nonce nonce(int segment) {
    return nonces.get(segment);
  }

  /** Sets the identity of a new writing of the segment, or of the one that recovery found. */
  void identity(int segment, int generation, Nonce nonce, long lsn) {
    nonces.set(segment, nonce);
    openedLsn.set(segment, lsn);
    generations.set(segment, generation);
  }

  /** The LSN at which the segment was opened: its age. */
  long openedLsn(int segment) {
    return openedLsn.get(segment);
  }

  /** Retains the segment's bytes for one device read. */
  void retain(int segment) {
    readers.incrementAndGet(segment);
  }

  void release(int segment) {
    readers.decrementAndGet(segment);
  }

  int readers(int segment) {
    return readers.get(segment);
  }

  /** Counts records, written or about to be, that are neither published nor discarded. */
  void addUnsettled(int segment, int change) {
    unsettled.addAndGet(segment, change);
  }

  int unsettled(int segment) {
    return unsettled.get(segment);
  }

  void addLiveBytes(int segment, long change) {
    liveBytes.addAndGet(segment, change);
  }

  long liveBytes(int segment) {
    return liveBytes.get(segment);
  }

  long lowestLsn(int segment) {
    return lowestLsn.get(segment);
  }

  void lowestLsn(int segment, long lsn) {
    lowestLsn.set(segment, lsn);
  }

  void noteLsn(int segment, long lsn) {
    lowestLsn.accumulateAndGet(segment, lsn, Math::min);
  }

  /** The stamp of the record at that location. */
  long stamp(long location) {
    int segment = Location.segment(location);
    return Location.stamp(generations.get(segment), segment, Location.offsetUnits(location));
  }

  /** Whether a record that states its own place lies where the location says. */
  boolean isAt(RecordHeader.Place place, long location) {
    int segment = Location.segment(location);
    return place.is(
        segment,
        generations.get(segment),
        nonces.get(segment),
        Location.offsetUnits(location),
        Location.lengthUnits(location));
  }

  int count(SegmentState state) {
    int sum = 0;
    for (int i = 0; i < count(); i++) {
      sum += state(i) == state ? 1 : 0;
    }
    return sum;
  }
}
