package io.larder.node.store.log;

import io.larder.node.device.Scratch;
import io.larder.node.store.StoredRecord;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.RecordHeader;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the headers of indexed records: the index has fingerprints only, and sending a record to
 * another node takes its key. Thread-safe.
 */
final class HeaderReader {
  private static final int BLOCK = Geometry.BLOCK_BYTES;

  private final Volume volume;
  private final long deadlineMs;
  // A header is at most a block long, but a small record's may begin anywhere in one.
  private final Scratch memory = new Scratch(2 * BLOCK);

  HeaderReader(Volume volume, long deadlineMs) {
    this.volume = volume;
    this.deadlineMs = deadlineMs;
  }

  /** The record's header; null if there is no such record, or it cannot be read. */
  CompletableFuture<@Nullable StoredRecord> read(int slot, long fingerprint) {
    long location = locate(slot, fingerprint);
    if (location == 0) {
      return CompletableFuture.completedFuture(null);
    }
    long now = volume.clock().nowMs();
    long stamp = volume.index().stamp(slot, fingerprint, () -> now);
    int segment = Location.segment(location);
    if (!volume.index().tryRetain(slot, fingerprint, location, now)) {
      return CompletableFuture.completedFuture(null);
    }
    long offset = volume.geometry().recordOffset(location);
    long from = offset & -BLOCK;
    int within = (int) (offset - from);
    int wanted = within + Math.min(BLOCK, Location.lengthBytes(location));
    MemorySegment piece = memory.take();
    CompletableFuture<@Nullable StoredRecord> result = new CompletableFuture<>();
    volume
        .device()
        .read(
            from,
            new MemorySegment[] {piece.asSlice(0, (wanted + BLOCK - 1) & -BLOCK)},
            failure -> {
              volume.segments().release(segment);
              RecordHeader header =
                  failure == null
                      ? RecordHeader.decode(piece.asByteBuffer().slice(within, wanted - within), 0)
                      : null;
              memory.giveBack(piece);
              result.complete(
                  header == null || header.fingerprint() != fingerprint
                      ? null
                      : new StoredRecord(
                          header.key(),
                          header.token(),
                          stamp,
                          header.expiresAtMs(),
                          header.valueLength(),
                          volume.pins().isPinned(fingerprint)));
            });
    return result.completeOnTimeout(null, deadlineMs, TimeUnit.MILLISECONDS);
  }

  private long locate(int slot, long fingerprint) {
    return volume.index().get(slot, fingerprint, volume.clock().nowMs());
  }
}
