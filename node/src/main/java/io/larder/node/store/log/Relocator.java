package io.larder.node.store.log;

import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.BlockingIo;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.GroupHeader;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.RecordHeader;
import io.larder.protocol.Limits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Relocates records of a segment that is being reclaimed: copies each to another segment under its
 * LSN and its stamp. The copy is durable before the index points to it, so a crash leaves one or
 * both, which recovery counts as one. A record that does not verify is left behind. One thread.
 */
final class Relocator {
  /** How long reclaim waits for memory, and for a record to be written. */
  static final long DEADLINE_SECONDS = 60;

  private static final int BLOCK = Geometry.BLOCK_BYTES;

  private record Copy(LiveRecord live, Append append) {}

  private final Volume volume;
  private final Appender appender;
  private final Deletions deletions;
  private final MemoryPool pool;
  private final MemorySegment scratch =
      Arena.ofAuto().allocate(RecordHeader.LARGE_EXTENT_BYTES + 2L * BLOCK, BLOCK);

  Relocator(Volume volume, Appender appender, Deletions deletions, MemoryPool pool) {
    this.volume = volume;
    this.pool = pool;
    this.appender = appender;
    this.deletions = deletions;
  }

  /**
   * Copies the records and moves their entries; small ones share groups.
   *
   * @throws IOException if a record could not be read, and its segment is then quarantined, or if a
   *     copy could not be written in time
   */
  void relocate(List<LiveRecord> records) throws IOException, InterruptedException {
    int from = 0;
    while (from < records.size()) {
      int to = from;
      long bytes = 0;
      do {
        bytes += records.get(to).bytes();
        to++;
      } while (to < records.size()
          && bytes + records.get(to).bytes() <= GroupHeader.MAX_GROUP_BYTES);
      relocateBatch(records.subList(from, to));
      from = to;
    }
  }

  private void relocateBatch(List<LiveRecord> batch) throws IOException, InterruptedException {
    List<Copy> copies = new ArrayList<>(batch.size());
    boolean read = false;
    try {
      for (LiveRecord live : batch) {
        Append append = read(live);
        if (append != null) {
          copies.add(new Copy(live, append));
        }
      }
      read = true;
    } finally {
      if (!read) {
        copies.forEach(copy -> copy.append.release());
      }
    }
    try {
      for (Copy copy : copies) {
        appender.append(copy.append);
      }
      for (Copy copy : copies) {
        copy.append.done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        moved(copy);
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(volume.device().name() + ": records could not be relocated", e);
    }
  }

  private void moved(Copy copy) {
    LiveRecord live = copy.live;
    long to = copy.append.location();
    boolean moved =
        deletions.unless(
            live.fingerprint(),
            () -> volume.index().move(live.slot(), live.fingerprint(), live.location(), to));
    if (moved) {
      volume.segments().addLiveBytes(Location.segment(to), live.bytes());
      volume.segments().addLiveBytes(Location.segment(live.location()), -live.bytes());
      volume.counters().bytesRelocated.add(live.bytes());
    }
  }

  /** The whole record, verified, or null; its value lies in the pool. */
  private @Nullable Append read(LiveRecord live) throws IOException, InterruptedException {
    long offset = volume.geometry().recordOffset(live.location());
    int within = (int) (offset & (BLOCK - 1));
    int length = live.bytes() < RecordHeader.LARGE_EXTENT_BYTES ? live.bytes() : BLOCK;
    MemorySegment blocks = scratch.asSlice(0, (within + length + BLOCK - 1) & -BLOCK);
    read(live, offset - within, blocks);
    ByteBuffer record = blocks.asByteBuffer().slice(within, length);
    RecordHeader header = RecordHeader.decode(record, 0);
    if (header == null
        || header.fingerprint() != live.fingerprint()
        || header.slot() != live.slot()
        || !volume.segments().isAt(header.place(), live.location())) {
      volume.counters().checksumFailures.increment();
      return null;
    }
    Payload value = allocate(header.valueLength());
    boolean whole = false;
    try {
      if (header.kind() == RecordHeader.Kind.LARGE) {
        long at = offset + RecordHeader.LARGE_HEADER_BYTES;
        for (int i = 0; i < value.chunkCount(); i++) {
          read(live, at + (long) i * Limits.CHUNK_BYTES, value.ioSegment(i));
        }
      } else if (value.chunkCount() > 0) {
        value.chunk(0).put(record.slice(header.headerBytes(), header.valueLength()));
      }
      whole = verify(header, value);
    } finally {
      if (!whole) {
        value.release();
      }
    }
    return whole ? Append.copy(header, value) : null;
  }

  private boolean verify(RecordHeader header, Payload value) {
    for (int i = 0; i < value.chunkCount(); i++) {
      if (value.computeCrc(i) != header.crcs()[i]) {
        volume.counters().checksumFailures.increment();
        return false;
      }
    }
    return true;
  }

  /** Memory of the floor that puts leave to reads: puts that wait for reclaim do not hold it. */
  private Payload allocate(int length) throws IOException, InterruptedException {
    CompletableFuture<Payload> granted = pool.allocate(length, MemoryPool.Purpose.READ);
    try {
      return granted.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      granted.cancel(false);
      throw new IOException(
          volume.device().name() + ": no memory to relocate a record of " + length + " bytes", e);
    }
  }

  private void read(LiveRecord live, long offset, MemorySegment target) throws IOException {
    try {
      BlockingIo.read(volume.device(), offset, target);
    } catch (IOException e) {
      volume.counters().readErrors.increment();
      volume.quarantine(Location.segment(live.location()));
      throw e;
    }
  }
}
