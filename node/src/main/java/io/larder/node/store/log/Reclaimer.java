package io.larder.node.store.log;

import io.larder.node.store.EvictionListener;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Tombstone;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees segments, oldest first, whenever few are free: relocates the tombstones that are still
 * needed and the records that are pinned or read most ({@link RelocationPolicy}), drops the other
 * entries, waits for the readers, and overwrites the header. A thread of its own.
 */
final class Reclaimer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reclaimer.class);
  private static final long IDLE_MS = 200;

  /** A segment with more pinned than that is left alone, and no more is relocated of any. */
  private static final int MAX_RELOCATED_PERCENT = 75;

  /** The most segments spared before one is freed: each costs a read of its footer. */
  private static final int MAX_SPARED = 8;

  private final Volume volume;
  private final FreeSegments free;
  private final SegmentSealer sealer;
  private final Appender appender;
  private final Relocator relocator;
  private final ReadCounts reads;
  private final EvictionListener evicted;
  private final Runnable onChange;
  private final boolean flush;
  private final int lowWater;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private final RelocationPolicy policy;

  /** The LSN at which each segment was spared last: it counts as no older than that. */
  private final long[] sparedLsn;

  private int passed;
  private volatile boolean closed;

  Reclaimer(
      Volume volume,
      FreeSegments free,
      SegmentSealer sealer,
      Appender appender,
      Relocator relocator,
      ReadCounts reads,
      EvictionListener evicted,
      Runnable onChange,
      boolean flush) {
    this.volume = volume;
    this.free = free;
    this.sealer = sealer;
    this.appender = appender;
    this.relocator = relocator;
    this.reads = reads;
    this.evicted = evicted;
    this.onChange = onChange;
    this.flush = flush;
    this.lowWater = 2 + Math.min(volume.segments().count() / 16, 6);
    this.policy = new RelocationPolicy(volume.geometry().segmentBytes());
    this.sparedLsn = new long[volume.segments().count()];
    this.thread = new Thread(this::run, "larder-reclaim");
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Wakes the thread if there is work; cheap as long as there is none. */
  void wake() {
    if (free.size() < lowWater && wake.availablePermits() == 0) {
      wake.release();
    }
  }

  @Override
  public void close() {
    closed = true;
    wake.release();
    ThreadEnd.await(thread, volume.fence());
  }

  private void run() {
    while (!closed) {
      try {
        boolean progress = false;
        if (free.size() < lowWater && volume.fence().get() == null) {
          progress = reclaimOne();
        }
        if (!progress) {
          wake.tryAcquire(IDLE_MS, TimeUnit.MILLISECONDS);
          wake.drainPermits();
        }
      } catch (IOException e) {
        LOG.warn("{}: a segment could not be reclaimed", volume.device().name(), e);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        volume.stopWriting("reclaim failed", e);
        LOG.error("{}: reclaim failed; writing stops", volume.device().name(), e);
      }
    }
  }

  /** Frees the oldest segment that can be freed; false if none can. */
  private boolean reclaimOne() throws IOException, InterruptedException {
    Segments segments = volume.segments();
    List<Integer> sealed = new ArrayList<>();
    for (int i = 0; i < segments.count(); i++) {
      if (segments.state(i) == SegmentState.SEALED && segments.unsettled(i) == 0) {
        sealed.add(i);
      }
    }
    sealed.sort(
        Comparator.comparingLong(
            segment -> Math.max(segments.openedLsn(segment), sparedLsn[segment])));
    int mayBeSpared = Math.min(MAX_SPARED, sealed.size() / 2);
    for (int victim : sealed) {
      if (segments.change(victim, SegmentState.SEALED, SegmentState.RECLAIMING)
          && reclaim(victim, mayBeSpared > 0)) {
        return true;
      }
      mayBeSpared--;
    }
    return false;
  }

  private boolean reclaim(int victim, boolean mayBeSpared)
      throws IOException, InterruptedException {
    SegmentFooter records;
    boolean listed;
    try (SegmentReader reader = new SegmentReader(volume.device(), volume.geometry())) {
      int generation = volume.segments().generation(victim);
      Nonce nonce = volume.segments().nonce(victim);
      SegmentFooter footer = reader.footer(victim, generation, nonce);
      listed = footer != null;
      records = footer != null ? footer : reader.scan(victim, generation, nonce);
    } catch (IOException e) {
      volume.counters().readErrors.increment();
      volume.segments().state(victim, SegmentState.SEALED);
      volume.quarantine(victim);
      throw e;
    }
    List<LiveRecord> pinned = new ArrayList<>();
    List<RelocationPolicy.Candidate> others = new ArrayList<>();
    sort(victim, records, pinned, others);
    if (mayBeSpared && policy.spares(others)) {
      sparedLsn[victim] = volume.lastLsn().get();
      volume.segments().sealed(victim);
      passed();
      return false;
    }
    long room = roomBeside(pinned);
    List<LiveRecord> kept = room < 0 ? List.of() : kept(pinned, others, room);
    if (room < 0 || !relocateTombstones(victim, records, !kept.isEmpty())) {
      volume.segments().state(victim, SegmentState.SEALED);
      return false;
    }
    try {
      relocator.relocate(kept);
      relocator.relocate(dropUnpinned(victim, records)); // those that were pinned meanwhile
    } catch (IOException e) {
      volume.segments().sealed(victim);
      throw e;
    }
    for (int i = 0; i < records.count(); i++) {
      if (!records.isTombstone(i)) {
        drop(records.slot(i), records.fingerprint(i), records.location(victim, i));
      }
    }
    if (!listed) { // an entry whose record the scan does not find would dangle
      dropAll(victim);
    }
    while (volume.segments().readers(victim) > 0) {
      if (closed) {
        return false; // its header says what it said before
      }
      LockSupport.parkNanos(100_000);
    }
    free(victim);
    return true;
  }

  /** Sorts the records of a segment that are still indexed. */
  private void sort(
      int victim,
      SegmentFooter records,
      List<LiveRecord> pinned,
      List<RelocationPolicy.Candidate> others) {
    long now = volume.clock().nowMs();
    for (int i = 0; i < records.count(); i++) {
      long location = records.location(victim, i);
      long fingerprint = records.fingerprint(i);
      if (records.isTombstone(i)
          || volume.index().get(records.slot(i), fingerprint, now) != location) {
        continue;
      }
      LiveRecord live = new LiveRecord(records.slot(i), fingerprint, location);
      if (volume.pins().isPinned(fingerprint)) {
        pinned.add(live);
      } else {
        others.add(new RelocationPolicy.Candidate(live, reads.of(fingerprint)));
      }
    }
  }

  /** Bytes to relocate beside the pinned; negative if emptying the segment would gain little. */
  private long roomBeside(List<LiveRecord> pinned) {
    long room = volume.geometry().segmentBytes() / 100 * (long) MAX_RELOCATED_PERCENT;
    for (LiveRecord live : pinned) {
      room -= live.bytes();
    }
    return room;
  }

  /** The records to relocate: all that are pinned, and those of the others that are worth it. */
  private List<LiveRecord> kept(
      List<LiveRecord> pinned, List<RelocationPolicy.Candidate> others, long room) {
    List<LiveRecord> kept = new ArrayList<>(pinned);
    if (free.size() > 0 || appender.hasOpenSegment()) { // else only the pinned are
      kept.addAll(policy.choose(others, room));
    }
    return kept;
  }

  /**
   * Relocates every tombstone that may still kill a record, which is older and in another segment,
   * and the markers of pins that hold.
   *
   * @param more whether records will be relocated afterwards
   */
  private boolean relocateTombstones(int victim, SegmentFooter records, boolean more)
      throws InterruptedException {
    long lowestElsewhere = Long.MAX_VALUE;
    for (int i = 0; i < volume.segments().count(); i++) {
      if (i != victim) {
        lowestElsewhere = Math.min(lowestElsewhere, volume.segments().lowestLsn(i));
      }
    }
    List<Append> relocated = new ArrayList<>();
    for (int i = 0; i < records.count(); i++) {
      if (records.isTombstone(i) && isNeeded(records, i, lowestElsewhere)) {
        relocated.add(
            Append.tombstone(
                records.slot(i),
                records.fingerprint(i),
                records.mode(i),
                records.lsn(i),
                records.first(i),
                records.second(i)));
      }
    }
    if ((more || !relocated.isEmpty()) && free.size() == 0 && !appender.hasOpenSegment()) {
      return false; // after a crash in mid-reclaim none may be free: another victim has to do
    }
    relocated.forEach(appender::append);
    try {
      for (Append append : relocated) {
        append.done.get(Relocator.DEADLINE_SECONDS, TimeUnit.SECONDS);
      }
      return true;
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("{}: tombstones could not be relocated", volume.device().name(), e);
      return false;
    }
  }

  /** Drops the records that are left, except those that are pinned by now, which it returns. */
  private List<LiveRecord> dropUnpinned(int victim, SegmentFooter records) {
    long now = volume.clock().nowMs(); // an expired pin is none
    List<LiveRecord> pinned = new ArrayList<>();
    for (int i = 0; i < records.count(); i++) {
      int slot = records.slot(i);
      long fingerprint = records.fingerprint(i);
      long location = records.location(victim, i);
      if (records.isTombstone(i) || volume.index().get(slot, fingerprint, now) != location) {
        continue;
      }
      OptionalLong stamp =
          volume
              .pins()
              .unlessPinned(fingerprint, () -> volume.index().remove(slot, fingerprint, location));
      if (stamp.isEmpty()) {
        pinned.add(new LiveRecord(slot, fingerprint, location));
      } else if (stamp.getAsLong() != 0) {
        volume.segments().addLiveBytes(victim, -Location.lengthBytes(location));
        dropped(slot, fingerprint, stamp.getAsLong());
      }
    }
    return pinned;
  }

  private boolean isNeeded(SegmentFooter records, int i, long lowestElsewhere) {
    return records.mode(i) == Tombstone.PIN
        ? volume.pins().needs(records.fingerprint(i), records.lsn(i))
        : lowestElsewhere < records.lsn(i);
  }

  private void dropAll(int victim) {
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      int s = slot;
      volume
          .index()
          .forEach(
              slot,
              Long.MIN_VALUE,
              (fingerprint, location, stamp, expiresAtMs) -> {
                if (Location.segment(location) == victim) {
                  drop(s, fingerprint, location);
                }
              });
    }
  }

  private void drop(int slot, long fingerprint, long location) {
    long stamp = volume.remove(slot, fingerprint, location);
    if (stamp != 0) {
      dropped(slot, fingerprint, stamp);
    }
  }

  private void dropped(int slot, long fingerprint, long stamp) {
    volume.counters().evictions.increment();
    evicted.evicted(slot, fingerprint, stamp, EvictionListener.Cause.RECLAIMED);
  }

  /** Overwrites the header, so that the segment's records can never be recovered again. */
  private void free(int victim) throws IOException {
    try {
      sealer.free(victim, flush); // tombstones are dropped on the strength of the free header
    } catch (IOException e) {
      volume.counters().writeErrors.increment();
      volume.segments().state(victim, SegmentState.QUARANTINED);
      volume.quarantine(victim);
      throw e;
    }
    volume.counters().segmentsReclaimed.increment();
    onChange.run();
    free.giveBack(victim);
    passed();
  }

  private void passed() {
    if (++passed >= volume.segments().count() / 2) {
      passed = 0;
      reads.age();
    }
  }
}
