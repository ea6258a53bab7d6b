package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.SegmentState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Begins and ends a segment's life as a log: its header, its footer. Thread-safe. */
final class SegmentSealer {
  /** Gets the segment, or why it could not be opened. */
  interface Opened {
    void done(@Nullable OpenSegment segment, @Nullable IOException failure);
  }

  private final Volume volume;
  private final Runnable onChange;

  /**
   * @param onChange told when a segment changed its state, on a device thread
   */
  SegmentSealer(Volume volume, Runnable onChange) {
    this.volume = volume;
    this.onChange = onChange;
  }

  /** Writes the header of the next generation; only then is there an open segment. */
  void open(int index, Opened opened) {
    Segments segments = volume.segments();
    SegmentHeader header = nextHeader(index, false);
    segments.state(index, SegmentState.OPENING);
    MemorySegment block = Arena.ofAuto().allocate(SegmentHeader.BYTES, Device.BLOCK_BYTES);
    header.encode(block.asByteBuffer());
    volume
        .device()
        .write(
            volume.geometry().segmentOffset(index),
            new MemorySegment[] {block},
            failure -> {
              // Whether it failed or not, the old generation is gone.
              segments.identity(index, header.generation(), header.nonce(), header.lsn());
              segments.lowestLsn(index, Long.MAX_VALUE);
              if (failure != null) {
                segments.state(index, SegmentState.QUARANTINED);
                volume.quarantine(index);
                opened.done(null, failure);
                return;
              }
              opened.done(
                  new OpenSegment(
                      index, header.generation(), header.nonce(), volume.geometry().segmentBytes()),
                  null);
              onChange.run();
            });
  }

  /** The header of a segment's next generation. */
  SegmentHeader nextHeader(int index, boolean free) {
    int generation = volume.segments().generation(index) + 1;
    if (generation > Location.MAX_GENERATION) {
      throw new IllegalStateException("segment " + index + " has used up its generations");
    }
    return new SegmentHeader(
        volume.deviceUuid(), index, generation, free, Nonce.random(), volume.nextLsn());
  }

  /** Writes the footer of a segment whose records are all written. */
  void seal(OpenSegment segment) {
    writeFooter(segment.index(), segment.generation(), segment.nonce(), segment.footer().written());
  }

  private void writeFooter(int index, int generation, Nonce nonce, SegmentFooter footer) {
    int bytes = SegmentFooter.bytes(footer.count());
    MemorySegment memory = Arena.ofAuto().allocate(bytes, Device.BLOCK_BYTES);
    footer.encode(memory.asByteBuffer(), index, generation, nonce);
    Geometry geometry = volume.geometry();
    MemorySegment[][] pieces =
        new MemorySegment[Math.ceilDiv(bytes, Device.MAX_SUBMISSION_BYTES)][];
    for (int i = 0; i < pieces.length; i++) {
      int at = i * Device.MAX_SUBMISSION_BYTES;
      int length = Math.min(Device.MAX_SUBMISSION_BYTES, bytes - at);
      pieces[i] = new MemorySegment[] {memory.asSlice(at, length)};
    }
    GatheringWrite.write(
        volume.device(),
        geometry.segmentOffset(index) + geometry.segmentBytes() - bytes,
        pieces,
        failure -> {
          // Without a footer the segment is scanned at the next start, which finds the same.
          if (failure != null) {
            volume.counters().writeErrors.increment();
          }
          volume.segments().sealed(index);
          onChange.run();
        });
  }
}
