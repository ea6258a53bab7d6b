package io.larder.node.store;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.protocol.Limits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Carries records of a segment that is being reclaimed on to another: each keeps its LSN and its
 * stamp. The copy is durable before the index points to it, so a crash leaves one or both, which
 * recovery takes for one. What does not verify is left behind. One thread.
 */
final class Reinserter {
  private static final long DEADLINE_SECONDS = 60;
  private static final int BLOCK = Geometry.BLOCK_BYTES;

  /** A record to carry on. */
  record Live(int slot, long fingerprint, long location) {
    int bytes() {
      return Location.lengthBytes(location);
    }
  }

  private record Copy(Live live, Append append) {}

  private final Volume volume;
  private final Appender survivors;
  private final Deletions deletions;

  Reinserter(Volume volume, Appender survivors, Deletions deletions) {
    this.volume = volume;
    this.survivors = survivors;
    this.deletions = deletions;
  }

  /**
   * Copies the records and moves their entries; small ones share groups.
   *
   * @throws IOException if a record could not be read, and its segment is then quarantined, or if a
   *     copy could not be written in time
   */
  void carryOn(List<Live> records) throws IOException, InterruptedException {
    int from = 0;
    while (from < records.size()) {
      int to = from;
      long bytes = 0;
      do {
        bytes += padded(records.get(to).bytes());
        to++;
      } while (to < records.size()
          && bytes + padded(records.get(to).bytes()) <= GroupHeader.MAX_GROUP_BYTES);
      carryBatch(records.subList(from, to), bytes);
      from = to;
    }
  }

  private void carryBatch(List<Live> batch, long bytes) throws IOException, InterruptedException {
    boolean writing = false;
    Arena arena = Arena.ofShared();
    try {
      MemorySegment memory = arena.allocate(bytes, Device.BLOCK_BYTES);
      List<Copy> copies = new ArrayList<>(batch.size());
      long at = 0;
      for (Live live : batch) {
        long room = padded(live.bytes());
        Append append = read(live, memory.asSlice(at, room));
        if (append != null) {
          copies.add(new Copy(live, append));
        }
        at += room;
      }
      writing = true;
      for (Copy copy : copies) {
        survivors.append(copy.append);
      }
      for (Copy copy : copies) {
        Append _ = copy.append.done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        moved(copy);
      }
      writing = false;
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(volume.device().name() + ": records could not be carried on", e);
    } finally {
      if (!writing) {
        arena.close(); // else a write may still be under way, and the memory stays
      }
    }
  }

  private void moved(Copy copy) {
    Live live = copy.live;
    long to = copy.append.location();
    boolean moved =
        deletions.unless(
            live.fingerprint,
            () -> volume.index().move(live.slot, live.fingerprint, live.location, to));
    if (moved) {
      volume.segments().addLiveBytes(Location.segment(to), live.bytes());
      volume.segments().addLiveBytes(Location.segment(live.location), -live.bytes());
      volume.counters().bytesReinserted.add(live.bytes());
    }
  }

  /** The whole record, verified, or null. */
  private @Nullable Append read(Live live, MemorySegment memory) throws IOException {
    long offset =
        volume.geometry().segmentOffset(Location.segment(live.location))
            + (long) Location.offsetUnits(live.location) * Location.UNIT_BYTES;
    int within = (int) (offset & (BLOCK - 1));
    MemorySegment blocks = memory.asSlice(0, (within + live.bytes() + BLOCK - 1) & -BLOCK);
    try {
      BlockingIo.read(volume.device(), offset - within, blocks);
    } catch (IOException e) {
      volume.counters().readErrors.increment();
      volume.quarantine(Location.segment(live.location));
      throw e;
    }
    ByteBuffer record = memory.asByteBuffer().slice(within, live.bytes());
    RecordHeader header = RecordHeader.decode(record, 0);
    if (header == null
        || header.fingerprint() != live.fingerprint
        || header.slot() != live.slot
        || !isHere(header.place(), live.location)) {
      volume.counters().checksumFailures.increment();
      return null;
    }
    int value = header.headerBytes();
    List<MemorySegment> chunks = new ArrayList<>();
    for (int i = 0; i < header.crcs().length; i++) {
      int from = value + i * Limits.CHUNK_BYTES;
      int length = Math.min(Limits.CHUNK_BYTES, header.valueLength() - i * Limits.CHUNK_BYTES);
      if (Checksum.of(record, from, from + length) != header.crcs()[i]) {
        volume.counters().checksumFailures.increment();
        return null;
      }
      boolean large = header.kind() == RecordHeader.Kind.LARGE;
      long bytes = large ? (length + BLOCK - 1) & -BLOCK : length;
      chunks.add(memory.asSlice(within + from, bytes));
    }
    return Append.copy(header, chunks);
  }

  private boolean isHere(RecordHeader.Place place, long location) {
    int segment = Location.segment(location);
    return place.segment() == segment
        && Rules.now.sameWriting(
            place.generation(),
            place.nonce(),
            volume.segments().generation(segment),
            volume.segments().nonce(segment))
        && place.offsetUnits() == Location.offsetUnits(location)
        && place.lengthUnits() == Location.lengthUnits(location);
  }

  /** Room for a record read in whole blocks wherever it starts. */
  private static long padded(int bytes) {
    return (bytes + 2L * BLOCK - 1) & -BLOCK;
  }
}
