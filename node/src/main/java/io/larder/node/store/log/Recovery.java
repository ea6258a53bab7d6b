package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.store.RecoveryReport;
import io.larder.node.store.format.CheckpointTable;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Superblock;
import java.io.IOException;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the records of a device, without writing: reads the table of the newest valid checkpoint,
 * each segment's header, then its footer or, without one, all of it. {@link #seal} then ends the
 * segments that were open. After a crash at any point the next recovery finds the same.
 */
final class Recovery implements SegmentWalk.Visitor {
  private record ScannedSegment(int segment, SegmentFooter records) {}

  private final Device device;
  private final Superblock superblock;
  private final @Nullable CheckpointTable table;
  private final Segments segments;
  private final RecoveredRecords found = new RecoveredRecords();
  private final ConcurrentLinkedQueue<ScannedSegment> scanned = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Integer> unknown = new ConcurrentLinkedQueue<>();
  private final Map<String, Long> rejected = new ConcurrentHashMap<>();
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesNeeded = new AtomicLong();
  private final AtomicLong fromFooters = new AtomicLong();
  private final AtomicLong fromScans = new AtomicLong();
  private final AtomicLong highestLsn = new AtomicLong();
  private final long startNanos = System.nanoTime();

  Recovery(Device device, Superblock superblock, @Nullable CheckpointTable table) {
    this.device = device;
    this.superblock = superblock;
    this.table = table;
    this.segments = new Segments(superblock.geometry().segmentCount());
  }

  Segments segments() {
    return segments;
  }

  /** The mount sequence of the highest LSN seen: the next mount must be above it. */
  long highestMountSequence() {
    return highestLsn.get() >>> Superblock.LSN_COUNTER_BITS;
  }

  /** Reads all segments; calls back after each, on the thread that has read it. */
  void read(Runnable segmentRead) throws IOException {
    SegmentWalk.visit(device, superblock.geometry(), newestFirst(), this, segmentRead);
    int floor = 0;
    for (int i = 0; i < segments.count(); i++) {
      floor = Math.max(floor, segments.generation(i));
    }
    for (int segment : unknown) { // above any that it may have had
      segments.identity(segment, floor + 1, Nonce.NONE, 0);
    }
    regainTheLastFreeSegment();
  }

  /** By their age in the table: those that were open, which take longest, come first. */
  private int[] newestFirst() {
    IntStream all = IntStream.range(0, segments.count());
    CheckpointTable known = table;
    return known == null
        ? all.toArray()
        : all.boxed()
            .sorted(Comparator.comparingLong(i -> -known.entries()[i].openedLsn()))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /**
   * The last free segment is for reclaim alone, which may have died while it relocated records to
   * it. No other can have been opened since, and its victim still exists, so it holds only second
   * copies. It is freed, since reclaim would never find a free one again.
   */
  private void regainTheLastFreeSegment() {
    if (segments.count(SegmentState.FREE) > 0
        || scanned.stream().anyMatch(one -> one.records().count() == 0)) {
      return;
    }
    int newest = 0;
    for (int i = 1; i < segments.count(); i++) {
      newest = segments.openedLsn(i) > segments.openedLsn(newest) ? i : newest;
    }
    int segment = newest;
    if (found.dropIfCopied(segment)) {
      scanned.removeIf(one -> one.segment() == segment);
      scanned.add(new ScannedSegment(segment, new SegmentFooter()));
    }
  }

  /** Fills the index and the pins from the live records, and reports. */
  RecoveryReport index(Index index, Pins pins) {
    long records = found.resolve(index, segments, pins);
    return new RecoveryReport(
        (System.nanoTime() - startNanos) / 1_000_000,
        bytesRead.get() + Superblocks.BYTES + 2L * superblock.geometry().sideBytes(),
        bytesNeeded.get(),
        fromFooters.get(),
        fromScans.get(),
        records,
        scanned.size(),
        table == null ? 0 : table.sequence(),
        Map.copyOf(new TreeMap<>(rejected)));
  }

  /** Ends the segments that had no footer: a footer for those with records, else free. */
  void seal(SegmentSealer sealer) throws IOException {
    for (ScannedSegment one : scanned) {
      if (one.records().count() == 0) {
        sealer.free(one.segment(), false);
      } else {
        sealer.sealAgain(one.segment(), one.records());
      }
    }
    BlockingIo.flush(device);
  }

  @Override
  public void unreadable(int segment, IOException why) {
    reject("unreadable segment", 1);
    segments.state(segment, SegmentState.QUARANTINED);
  }

  @Override
  public void finished(SegmentReader reader) {
    bytesRead.addAndGet(reader.bytesRead());
    reject("torn record", reader.torn());
  }

  @Override
  public void visit(SegmentReader reader, int segment) throws IOException {
    CheckpointTable.Entry entry = table == null ? null : table.entries()[segment];
    bytesNeeded.addAndGet(SegmentHeader.BYTES);
    SegmentHeader header = reader.header(segment, superblock.deviceUuid());
    int floor = entry == null ? 0 : entry.generation();
    if (header != null && isOfThePresent(header, floor)) {
      segments.identity(segment, header.generation(), header.nonce(), header.lsn());
      if (header.free()) {
        free(segment);
        return;
      }
    } else {
      boolean wasFree = entry == null || entry.state() == SegmentState.FREE;
      if (header != null || !wasFree) {
        reject(header == null ? "damaged segment header" : "segment header of the past", 1);
      }
      if (entry == null) {
        unknown.add(segment);
        free(segment);
        return;
      }
      // The table knows the writing it was in, and its footer or records prove themselves by it.
      segments.identity(segment, floor, entry.nonce(), entry.openedLsn());
      if (wasFree) {
        free(segment);
        return;
      }
    }
    int generation = segments.generation(segment);
    Nonce nonce = segments.nonce(segment);
    note(segments.openedLsn(segment));
    SegmentFooter records = reader.footer(segment, generation, nonce);
    if (records == null) {
      records = reader.scan(segment, generation, nonce);
      bytesNeeded.addAndGet(superblock.geometry().segmentBytes());
      scanned.add(new ScannedSegment(segment, records));
      fromScans.addAndGet(records.count());
    } else {
      bytesNeeded.addAndGet(SegmentFooter.bytes(records.count()));
      fromFooters.addAndGet(records.count());
    }
    segments.state(segment, SegmentState.SEALED);
    segments.lowestLsn(segment, records.lowestLsn());
    note(records.highestLsn());
    found.add(segment, records);
  }

  /** Whether a header is not older than the table: if its last write was lost, it is. */
  private static boolean isOfThePresent(SegmentHeader header, int tableGeneration) {
    return header.generation() >= tableGeneration;
  }

  private void free(int segment) {
    segments.state(segment, SegmentState.FREE);
    note(segments.openedLsn(segment));
  }

  private void note(long lsn) {
    highestLsn.accumulateAndGet(lsn, Math::max);
  }

  private void reject(String reason, long count) {
    if (count > 0) {
      rejected.merge(reason, count, Long::sum);
    }
  }
}
