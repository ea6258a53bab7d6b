package io.larder.node.store.log;

import io.larder.node.block.Payload;
import io.larder.node.device.IoCallback;
import io.larder.node.device.Scratch;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.GroupHeader;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.RecordHeader;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Tombstone;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes records to one open segment at a time; when that is half full the next is opened, so that
 * rolling seldom waits.
 *
 * <p>Extents are reserved under a short lock; the writes run in parallel. Small records form a
 * group while earlier groups are being written. When no segment is free the records wait, first
 * come first served, until reclaim frees one or writing stops. A failed write seals its segment;
 * the next records go to another.
 */
final class Appender implements SegmentSealer.OpenListener {
  private static final int MAX_GROUPS_IN_FLIGHT = 2;

  /** Fewer records are not divided between two groups. */
  private static final int MIN_DIVIDED_RECORDS = 8;

  private static final int MAX_WRITE_FAILURES = 16;

  private final Volume volume;
  private final FreeSegments free;
  private final SegmentSealer sealer;
  private final PendingPuts pending;
  private final boolean forReclaim;
  private final @Nullable Flusher flusher;
  private final Scratch headers = new Scratch(RecordHeader.LARGE_HEADER_BYTES);
  private final Scratch groups = new Scratch(GroupHeader.MAX_GROUP_BYTES);

  // Guarded by `this`.
  private final ArrayDeque<Append> large = new ArrayDeque<>();
  private final ArrayDeque<Append> small = new ArrayDeque<>();
  private final Set<Append> writing = Collections.newSetFromMap(new IdentityHashMap<>());
  private @Nullable OpenSegment current;
  private @Nullable OpenSegment next;
  private boolean opening;
  private int groupsInFlight;
  private int recordsInGroups;

  /** Groups whose callers are being called back: their next puts shall share a group. */
  private int answering;

  private int writesInFlight;
  private int failures;
  private boolean closed;

  /**
   * @param forReclaim whether it relocates records, and so may use the last free segment and opens
   *     none ahead
   * @param flusher makes records durable, or null if a written record counts as durable
   */
  Appender(
      Volume volume,
      FreeSegments free,
      SegmentSealer sealer,
      PendingPuts pending,
      boolean forReclaim,
      @Nullable Flusher flusher) {
    this.volume = volume;
    this.free = free;
    this.sealer = sealer;
    this.pending = pending;
    this.forReclaim = forReclaim;
    this.flusher = flusher;
  }

  /** Writes a record and completes {@link Append#done}. Never blocks. */
  void append(Append append) {
    boolean isLarge = append.kind == RecordHeader.Kind.LARGE;
    synchronized (this) {
      (isLarge ? large : small).add(append);
      if (!isLarge && !mayStartGroup() && !closed && volume.fence().get() == null) {
        return; // the end of a group pumps, and so does the fence
      }
    }
    pump();
  }

  private boolean mayStartGroup() {
    return answering == 0 && groupsInFlight < MAX_GROUPS_IN_FLIGHT;
  }

  /** Starts all writes that can start; called after every change. */
  void pump() {
    List<Runnable> starts = new ArrayList<>();
    List<Append> refused = new ArrayList<>();
    List<Append> hopeless = List.of();
    StoreException reason;
    synchronized (this) {
      reason = volume.fence().get();
      if (reason != null) { // their outcome on the device is unknown by now
        hopeless = List.copyOf(writing);
      } else if (closed) {
        reason = new StoreException(volume.device().name() + ": the store is closed");
      }
      if (reason != null) {
        refused.addAll(large);
        refused.addAll(small);
        large.clear();
        small.clear();
      } else {
        boolean progress = true;
        while (progress) {
          boolean startedLarge = startLarge(starts);
          progress = startGroup(starts, refused) || startedLarge;
        }
        if (next == null && !opening && wantsNext()) {
          openAhead(starts);
        }
      }
    }
    for (Append append : refused) {
      StoreException why =
          reason != null
              ? reason
              : new StoreException(
                  "a key with more than "
                      + Tombstone.MAX_SPARED
                      + " puts under way cannot be deleted; try again when they are done");
      append.release();
      append.done.completeExceptionally(why);
    }
    if (reason != null) {
      for (Append append : hopeless) {
        append.done.completeExceptionally(notWritten(reason));
      }
    }
    for (Runnable start : starts) {
      start.run();
    }
  }

  private StoreException notWritten(Exception cause) {
    String message = volume.device().name() + ": a record could not be written";
    return cause instanceof StoreException known
        ? new StoreException(message + ": " + known.getMessage(), known)
        : new StoreException(message + "; put it again", cause);
  }

  /** Seals the open segment once it is written; refuses all further records. */
  void close() {
    List<Runnable> starts = new ArrayList<>();
    synchronized (this) {
      closed = true;
      roll(starts);
    }
    for (Runnable start : starts) {
      start.run();
    }
    pump();
  }

  synchronized boolean isIdle() {
    return writesInFlight == 0 && !opening;
  }

  synchronized boolean hasOpenSegment() {
    return current != null || next != null || opening;
  }

  synchronized int waiting() {
    return large.size() + small.size();
  }

  /** The segment opened ahead, which is empty; only after {@link #close}. */
  synchronized @Nullable OpenSegment unused() {
    return next;
  }

  /** Whether a segment is needed now or soon: an empty one costs the next start a scan. */
  private boolean wantsNext() {
    OpenSegment segment = current;
    return segment == null
        ? !(large.isEmpty() && small.isEmpty())
        : !forReclaim && segment.isHalfFull();
  }

  private boolean startLarge(List<Runnable> starts) {
    Append append = large.peek();
    if (append == null) {
      return false;
    }
    OpenSegment segment = room(append.extentBytes(), 1, starts);
    if (segment == null) {
      return false;
    }
    large.remove();
    int offset = segment.take(append.extentBytes());
    RecordHeader header = reserve(append, segment, offset / Location.UNIT_BYTES);
    writesInFlight++;
    writing.add(append);
    starts.add(() -> writeLarge(segment, append, header, offset));
    return true;
  }

  private boolean startGroup(List<Runnable> starts, List<Append> refused) {
    if (small.isEmpty() || !mayStartGroup()) {
      return false;
    }
    // Half of all, so that one group is written while the callers of the other prepare their next.
    int most = Math.max(MIN_DIVIDED_RECORDS / 2, (small.size() + recordsInGroups + 1) / 2);
    int count = 0;
    long recordBytes = 0;
    for (Append append : small) {
      long more = recordBytes + append.extentBytes();
      if (count == most
          || GroupHeader.headerBytes(count + 1) + more > GroupHeader.MAX_GROUP_BYTES) {
        break;
      }
      recordBytes = more;
      count++;
    }
    int headerBytes = GroupHeader.headerBytes(count);
    long bytes = (headerBytes + recordBytes + Geometry.BLOCK_BYTES - 1) & -Geometry.BLOCK_BYTES;
    OpenSegment segment = room(bytes, count, starts);
    if (segment == null) {
      return false;
    }
    int groupOffset = segment.take(bytes);
    int at = headerBytes;
    List<Append> appends = new ArrayList<>(count);
    List<RecordHeader> recordHeaders = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Append append = small.remove();
      if (!spareUnsettled(append)) {
        refused.add(append);
        continue;
      }
      appends.add(append);
      recordHeaders.add(reserve(append, segment, (groupOffset + at) / Location.UNIT_BYTES));
      at += (int) append.extentBytes();
    }
    groupsInFlight++;
    recordsInGroups += appends.size();
    writesInFlight++;
    writing.addAll(appends);
    starts.add(() -> writeGroup(segment, appends, recordHeaders, groupOffset, (int) bytes));
    return true;
  }

  /** Sets the puts that a deletion spares, together with its LSN; false if they are too many. */
  private boolean spareUnsettled(Append append) {
    if (!append.isTombstone() || append.mode() != Tombstone.OLDER || append.lsn() != 0) {
      return true;
    }
    long[] lsns = pending.of(append.fingerprint);
    if (lsns.length > Tombstone.MAX_SPARED) {
      return false;
    }
    append.spare(lsns.length > 0 ? lsns[0] : 0, lsns.length > 1 ? lsns[1] : 0);
    return true;
  }

  private RecordHeader reserve(Append append, OpenSegment segment, int offsetUnits) {
    long lsn = append.lsn() != 0 ? append.lsn() : volume.nextLsn();
    RecordHeader header = append.reserved(segment, offsetUnits, lsn);
    volume.segments().noteLsn(segment.index(), lsn);
    if (append.isPut()) {
      volume.segments().addUnsettled(segment.index(), 1);
      pending.add(append.fingerprint, lsn);
    }
    return header;
  }

  private @Nullable OpenSegment room(long bytes, int records, List<Runnable> starts) {
    OpenSegment segment = current;
    if (segment != null && segment.fits(bytes, records)) {
      return segment;
    }
    if (segment != null) {
      roll(starts);
    }
    segment = next;
    if (segment != null) {
      current = segment;
      next = null;
      volume.segments().state(segment.index(), SegmentState.OPEN);
      return segment.fits(bytes, records) ? segment : null;
    }
    return null;
  }

  private void roll(List<Runnable> starts) {
    OpenSegment segment = current;
    if (segment == null) {
      return;
    }
    current = null;
    volume.segments().state(segment.index(), SegmentState.SEALING);
    if (segment.seal()) {
      starts.add(() -> sealer.seal(segment));
    }
  }

  private void openAhead(List<Runnable> starts) {
    free.take(forReclaim) // if there is none, the next segment that is freed pumps again
        .ifPresent(index -> {
          opening = true;
          starts.add(() -> sealer.open(index, this));
        });
  }

  @Override
  public void opened(OpenSegment segment) {
    synchronized (this) {
      opening = false;
      next = segment;
    }
    pump();
  }

  @Override
  public void failed(IOException failure) {
    synchronized (this) {
      opening = false;
      countFailure(failure);
    }
    pump();
  }

  private void countFailure(@Nullable IOException failure) {
    volume.counters().writeErrors.increment();
    failures++;
    if (failures >= MAX_WRITE_FAILURES) {
      volume.stopWriting(failures + " writes failed", failure);
    }
  }

  private void writeLarge(OpenSegment segment, Append append, RecordHeader header, int offset) {
    MemorySegment block = headers.take();
    header.encode(block.asByteBuffer(), 0);
    Payload value = append.value();
    MemorySegment[][] pieces = new MemorySegment[value.chunkCount()][];
    pieces[0] = new MemorySegment[] {block, value.ioSegment(0)};
    for (int i = 1; i < pieces.length; i++) {
      pieces[i] = value.ioSegmentAlone(i);
    }
    long at = volume.geometry().segmentOffset(segment.index()) + offset;
    GatheringWrite.write(
        volume.device(),
        at,
        pieces,
        failure -> {
          headers.giveBack(block);
          append.release();
          volume.counters().bytesWritten.add(append.extentBytes());
          durable(failure, result -> finish(segment, List.of(append), false, result));
        });
  }

  private void writeGroup(
      OpenSegment segment,
      List<Append> appends,
      List<RecordHeader> recordHeaders,
      int offset,
      int bytes) {
    MemorySegment memory = groups.take();
    MemorySegment extent = memory.asSlice(0, bytes);
    extent.fill((byte) 0);
    ByteBuffer buffer = extent.asByteBuffer();
    int[] places = new int[appends.size()];
    for (int i = 0; i < places.length; i++) {
      RecordHeader header = recordHeaders.get(i);
      int at = header.place().offsetUnits() * Location.UNIT_BYTES - offset;
      places[i] = GroupHeader.place(at / Location.UNIT_BYTES, header.place().lengthUnits());
      header.encode(buffer, at);
      int length = header.valueLength();
      if (length > 0) { // less than a chunk
        MemorySegment value = appends.get(i).value().ioSegment(0);
        MemorySegment.copy(value, 0, extent, (long) at + header.headerBytes(), length);
      }
      appends.get(i).release();
    }
    new GroupHeader(
            segment.index(),
            segment.generation(),
            segment.nonce(),
            offset / Location.UNIT_BYTES,
            bytes / Location.UNIT_BYTES,
            places)
        .encode(buffer);
    long at = volume.geometry().segmentOffset(segment.index()) + offset;
    GatheringWrite.write(
        volume.device(),
        at,
        new MemorySegment[][] {{extent}},
        failure -> {
          groups.giveBack(memory);
          volume.counters().bytesWritten.add(bytes);
          durable(failure, result -> finish(segment, appends, true, result));
        });
  }

  /** Calls back when the record is durable: at once, or after a flush. */
  private void durable(@Nullable IOException failure, IoCallback callback) {
    if (failure != null || flusher == null) {
      callback.done(failure);
      return;
    }
    flusher.flush(flushFailure -> {
      if (flushFailure != null) { // the lost writes are unknown: do not retry
        volume.stopWriting("a flush failed", flushFailure);
      }
      callback.done(flushFailure);
    });
  }

  private void finish(
      OpenSegment segment, List<Append> appends, boolean group, @Nullable IOException failure) {
    List<Runnable> starts = new ArrayList<>();
    synchronized (this) {
      writesInFlight--;
      if (group) {
        groupsInFlight--;
        recordsInGroups -= appends.size();
        answering++;
      }
      appends.forEach(writing::remove);
      if (failure != null) {
        countFailure(failure);
        for (Append append : appends) {
          segment.footer().markFailed(append.footerNumber());
        }
        if (segment == current) {
          roll(starts); // the wrote() below seals it
        }
      }
      if (segment.wrote()) {
        starts.add(() -> sealer.seal(segment));
      }
    }
    for (Append append : appends) {
      boolean written = failure == null && append.done.complete(append);
      if (!written && append.isPut()) {
        settled(append);
      }
      if (failure != null) {
        append.done.completeExceptionally(notWritten(failure));
      }
    }
    if (group) {
      synchronized (this) {
        answering--;
      }
    }
    for (Runnable start : starts) {
      start.run();
    }
    pump();
  }

  /** A put was published, discarded or failed: its segment may be reclaimed. */
  void settled(Append append) {
    pending.remove(append.fingerprint, append.lsn());
    volume.segments().addUnsettled(Location.segment(append.location()), -1);
  }
}
