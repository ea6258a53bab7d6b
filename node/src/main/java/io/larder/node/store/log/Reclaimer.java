package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Tombstone;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees segments, oldest first, whenever few are free: carries the tombstones on that are still
 * needed and the records that are pinned or read most ({@link RelocationPolicy}), drops the
 * entries, waits for the readers, and overwrites the header. A thread of its own.
 */
final class Reclaimer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reclaimer.class);
  private static final long CARRY_DEADLINE_SECONDS = 60;
  private static final long IDLE_MS = 200;

  /** A segment with more pinned than that is left alone, and no more is carried on of any. */
  private static final int MAX_KEPT_PERCENT = 75;

  /** So many segments are spared at most before one is freed: each costs a look at its footer. */
  private static final int MAX_SPARED = 8;

  private final Volume volume;
  private final FreeSegments free;
  private final SegmentSealer sealer;
  private final Appender survivors;
  private final Relocator reinserter;
  private final ReadCounts reads;
  private final EvictionListener evicted;
  private final Runnable onChange;
  private final boolean flush;
  private final int lowWater;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private final RelocationPolicy survival;

  /** By segment the LSN at which it was spared last: it counts as no older than that. */
  private final long[] sparedLsn;

  private int passed;
  private volatile boolean closed;

  Reclaimer(
      Volume volume,
      FreeSegments free,
      SegmentSealer sealer,
      Appender survivors,
      Relocator reinserter,
      ReadCounts reads,
      EvictionListener evicted,
      Runnable onChange,
      boolean flush) {
    this.volume = volume;
    this.free = free;
    this.sealer = sealer;
    this.survivors = survivors;
    this.reinserter = reinserter;
    this.reads = reads;
    this.evicted = evicted;
    this.onChange = onChange;
    this.flush = flush;
    this.lowWater = 2 + Math.min(volume.segments().count() / 16, 6);
    this.survival = new RelocationPolicy(volume.geometry().segmentBytes());
    this.sparedLsn = new long[volume.segments().count()];
    this.thread = new Thread(this::run, "larder-reclaim");
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Looks whether there is work; cheap, as long as there is none. */
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
          boolean _ = wake.tryAcquire(IDLE_MS, TimeUnit.MILLISECONDS);
          int _ = wake.drainPermits();
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
    List<Relocator.Live> pinned = new ArrayList<>();
    List<RelocationPolicy.Candidate> others = new ArrayList<>();
    sort(victim, records, pinned, others);
    if (mayBeSpared && survival.spares(others)) {
      sparedLsn[victim] = volume.lastLsn().get();
      volume.segments().sealed(victim);
      passed();
      return false;
    }
    List<Relocator.Live> kept = kept(pinned, others);
    if (kept == null || !carryTombstones(victim, records, !kept.isEmpty())) {
      volume.segments().state(victim, SegmentState.SEALED);
      return false;
    }
    try {
      reinserter.carryOn(kept);
      reinserter.carryOn(dropUnpinned(victim, records)); // those that were pinned meanwhile
    } catch (IOException e) {
      volume.segments().sealed(victim);
      throw e;
    }
    for (int i = 0; i < records.count(); i++) {
      if (!records.isTombstone(i)) {
        drop(
            records.slot(i),
            records.fingerprint(i),
            Location.pack(victim, records.offsetUnits(i), records.lengthUnits(i)));
      }
    }
    if (!listed) { // what was indexed but is not found any more would dangle
      dropAll(victim);
    }
    while (volume.segments().readers(victim) > 0) {
      if (closed) {
        return false; // its header says what it said before
      }
      LockSupport.parkNanos(100_000);
    }
    release(victim);
    return true;
  }

  /** Sorts what is still indexed of a segment. */
  private void sort(
      int victim,
      SegmentFooter records,
      List<Relocator.Live> pinned,
      List<RelocationPolicy.Candidate> others) {
    long now = volume.clock().nowMs();
    for (int i = 0; i < records.count(); i++) {
      long location = Location.pack(victim, records.offsetUnits(i), records.lengthUnits(i));
      long fingerprint = records.fingerprint(i);
      if (records.isTombstone(i)
          || volume.index().get(records.slot(i), fingerprint, now) != location) {
        continue;
      }
      Relocator.Live live = new Relocator.Live(records.slot(i), fingerprint, location);
      if (volume.pins().isPinned(fingerprint)) {
        pinned.add(live);
      } else {
        others.add(new RelocationPolicy.Candidate(live, reads.of(fingerprint)));
      }
    }
  }

  /**
   * The records to carry on: all that are pinned, and of the others what is worth it; null if so
   * much is pinned that emptying the segment would gain little.
   */
  private @Nullable List<Relocator.Live> kept(
      List<Relocator.Live> pinned, List<RelocationPolicy.Candidate> others) {
    long room = volume.geometry().segmentBytes() / 100 * (long) MAX_KEPT_PERCENT;
    for (Relocator.Live live : pinned) {
      room -= live.bytes();
    }
    if (room < 0) {
      return null;
    }
    List<Relocator.Live> kept = new ArrayList<>(pinned);
    if (free.size() > 0 || survivors.hasOpenSegment()) { // else only what must be kept is
      kept.addAll(survival.carried(others, room));
    }
    return kept;
  }

  /**
   * Writes on every tombstone that may still have something to kill: a record older than it in
   * another segment; and the markers of pins that hold.
   *
   * @param more whether records are to be carried on afterwards
   */
  private boolean carryTombstones(int victim, SegmentFooter records, boolean more)
      throws InterruptedException {
    long lowestElsewhere = Long.MAX_VALUE;
    for (int i = 0; i < volume.segments().count(); i++) {
      if (i != victim) {
        lowestElsewhere = Math.min(lowestElsewhere, volume.segments().lowestLsn(i));
      }
    }
    List<Append> carried = new ArrayList<>();
    for (int i = 0; i < records.count(); i++) {
      if (records.isTombstone(i) && isNeeded(records, i, lowestElsewhere)) {
        Append append =
            Append.tombstone(
                records.slot(i),
                records.fingerprint(i),
                records.mode(i),
                records.lsn(i),
                records.first(i),
                records.second(i));
        carried.add(append);
      }
    }
    if ((more || !carried.isEmpty()) && free.size() == 0 && !survivors.hasOpenSegment()) {
      return false; // after a crash in mid-reclaim none may be free: another victim has to do
    }
    carried.forEach(survivors::append);
    try {
      for (Append append : carried) {
        Append _ = append.done.get(CARRY_DEADLINE_SECONDS, TimeUnit.SECONDS);
      }
      return true;
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("{}: tombstones could not be carried on", volume.device().name(), e);
      return false;
    }
  }

  /** Drops what is left but what is pinned by now, and returns that. */
  private List<Relocator.Live> dropUnpinned(int victim, SegmentFooter records) {
    long now = volume.clock().nowMs(); // an expired pin is none
    List<Relocator.Live> pinned = new ArrayList<>();
    for (int i = 0; i < records.count(); i++) {
      int slot = records.slot(i);
      long fingerprint = records.fingerprint(i);
      long location = Location.pack(victim, records.offsetUnits(i), records.lengthUnits(i));
      if (records.isTombstone(i) || volume.index().get(slot, fingerprint, now) != location) {
        continue;
      }
      long[] stamp = new long[1];
      if (!volume
          .pins()
          .unless(
              fingerprint, () -> stamp[0] = volume.index().remove(slot, fingerprint, location))) {
        pinned.add(new Relocator.Live(slot, fingerprint, location));
      } else if (stamp[0] != 0) {
        volume.segments().addLiveBytes(victim, -Location.lengthBytes(location));
        dropped(slot, fingerprint, stamp[0]);
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

  /** Overwrites the header, so that what the segment held can never be recovered again. */
  private void release(int victim) throws IOException {
    SegmentHeader header = sealer.nextHeader(victim, true);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(SegmentHeader.BYTES, Device.BLOCK_BYTES);
      header.encode(block.asByteBuffer());
      BlockingIo.write(volume.device(), volume.geometry().segmentOffset(victim), block);
      if (flush) { // tombstones are dropped on the strength of this block
        BlockingIo.flush(volume.device());
      }
    } catch (IOException e) {
      volume.counters().writeErrors.increment();
      volume.segments().state(victim, SegmentState.QUARANTINED);
      volume.quarantine(victim);
      throw e;
    }
    Segments segments = volume.segments();
    segments.identity(victim, header.generation(), header.nonce(), header.lsn());
    segments.lowestLsn(victim, Long.MAX_VALUE);
    segments.state(victim, SegmentState.FREE);
    volume.counters().segmentsReclaimed.increment();
    onChange.run();
    free.add(victim);
    passed();
  }

  private void passed() {
    if (++passed >= volume.segments().count() / 2) {
      passed = 0;
      reads.age();
    }
  }
}
