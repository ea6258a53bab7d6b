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
 * group while the groups before are being written. When no segment is free the records wait, first
 * come first served; reclaim or a failure ends the wait. A record that fails seals its segment and
 * the next goes on in another.
 */
final class Appender {
  private static final int MAX_GROUPS_IN_FLIGHT = 2;

  /** Fewer records are not worth being divided between two groups. */
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

  /** Groups whose callers are being told: what they put next shall share a group. */
  private int telling;

  private int writesInFlight;
  private int failures;
  private boolean closed;

  /**
   * @param forReclaim whether it relocates records, and so may use the last free segment and opens
   *     none ahead
   * @param flusher how records are made durable, or null if written is durable enough
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

  /** Writes a record; {@link Append#done} tells. Never blocks. */
  void append(Append append) {
    boolean isLarge = append.kind == RecordHeader.Kind.LARGE;
    synchronized (this) {
      (isLarge ? large : small).add(append);
      if (!isLarge && !mayStartGroup() && !closed && volume.fence().get() == null) {
        return; // a group that ends pumps, and so does the fence
      }
    }
    pump();
  }

  private boolean mayStartGroup() {
    return telling == 0 && groupsInFlight < MAX_GROUPS_IN_FLIGHT;
  }

  /** Starts whatever can start; called whenever something changed. */
  void pump() {
    List<Runnable> starts = new ArrayList<>();
    List<Append> refused = new ArrayList<>();
    List<Append> hopeless = List.of();
    StoreException reason;
    synchronized (this) {
      reason = volume.fence().get();
      if (reason != null) { // what the device says of these by now is not to be trusted
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
      boolean _ = append.done.completeExceptionally(why);
    }
    if (reason != null) {
      for (Append append : hopeless) {
        boolean _ = append.done.completeExceptionally(notWritten(reason));
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

  /** Seals what is open once it is written; refuses all further records. */
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

  /** When it is needed, or soon will be: an empty one costs the next start a scan. */
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
    Append _ = large.remove();
    int offset = segment.take(append.extentBytes());
    RecordHeader header = reserve(append, segment, offset / Location.UNIT_BYTES);
    writesInFlight++;
    boolean _ = writing.add(append);
    starts.add(() -> writeLarge(segment, append, header, offset));
    return true;
  }

  private boolean startGroup(List<Runnable> starts, List<Append> refused) {
    if (small.isEmpty() || !mayStartGroup()) {
      return false;
    }
    // Half of all, so that one group is written while the other's callers are at work.
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
    boolean _ = writing.addAll(appends);
    starts.add(() -> writeGroup(segment, appends, recordHeaders, groupOffset, (int) bytes));
    return true;
  }

  /** Fixes what a deletion spares in the same breath as its LSN; false if that is too much. */
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
          starts.add(() -> sealer.open(index, this::opened));
        });
  }

  private void opened(@Nullable OpenSegment segment, @Nullable IOException failure) {
    synchronized (this) {
      opening = false;
      if (segment != null) {
        next = segment;
      } else {
        countFailure(failure);
      }
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

  /** Written is durable, unless a flush was asked for. */
  private void durable(@Nullable IOException failure, IoCallback callback) {
    if (failure != null || flusher == null) {
      callback.done(failure);
      return;
    }
    flusher.flush(flushFailure -> {
      if (flushFailure != null) { // what was lost is unknown: never retry and trust
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
        telling++;
      }
      appends.forEach(writing::remove);
      if (failure != null) {
        countFailure(failure);
        for (Append append : appends) {
          segment.footer().markFailed(append.footerNumber());
        }
        if (segment == current) {
          roll(starts); // leaves the seal to the wrote() below
        }
      }
      if (segment.wrote()) {
        starts.add(() -> sealer.seal(segment));
      }
    }
    for (Append append : appends) {
      boolean written = failure == null && append.done.complete(append);
      if (!written) {
        if (append.isPut()) {
          settled(append);
        }
      }
      if (failure != null) {
        boolean _ = append.done.completeExceptionally(notWritten(failure));
      }
    }
    if (group) {
      synchronized (this) {
        telling--;
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
