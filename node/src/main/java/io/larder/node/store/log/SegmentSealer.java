package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
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

/** Opens, seals and frees segments: writes their headers and footers. Thread-safe. */
final class SegmentSealer {
  /** Receives the open segment, or the reason why it could not be opened. */
  interface OpenListener {
    void opened(OpenSegment segment);

    void failed(IOException failure);
  }

  private final Volume volume;
  private final Runnable onChange;

  /**
   * @param onChange called when a segment has changed its state, on a device thread
   */
  SegmentSealer(Volume volume, Runnable onChange) {
    this.volume = volume;
    this.onChange = onChange;
  }

  /** Writes the header of the next generation; only then is there an open segment. */
  void open(int index, OpenListener listener) {
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
                listener.failed(failure);
                return;
              }
              listener.opened(
                  new OpenSegment(
                      index,
                      header.generation(),
                      header.nonce(),
                      volume.geometry().segmentBytes()));
              onChange.run();
            });
  }

  /** Overwrites the header as free and only then counts the segment as free. */
  void free(int index, boolean flush) throws IOException {
    SegmentHeader header = nextHeader(index, true);
    MemorySegment block = Arena.ofAuto().allocate(SegmentHeader.BYTES, Device.BLOCK_BYTES);
    header.encode(block.asByteBuffer());
    BlockingIo.write(volume.device(), volume.geometry().segmentOffset(index), block);
    if (flush) {
      BlockingIo.flush(volume.device());
    }
    Segments segments = volume.segments();
    segments.identity(index, header.generation(), header.nonce(), header.lsn());
    segments.lowestLsn(index, Long.MAX_VALUE);
    segments.state(index, SegmentState.FREE);
  }

  /** The header of a segment's next generation. */
  private SegmentHeader nextHeader(int index, boolean free) {
    int generation = volume.segments().generation(index) + 1;
    if (generation > Location.MAX_GENERATION) {
      throw new IllegalStateException("segment " + index + " has used up its generations");
    }
    return new SegmentHeader(
        volume.deviceUuid(), index, generation, free, Nonce.random(), volume.nextLsn());
  }

  /** Writes the footer of a segment all of whose records are written. */
  void seal(OpenSegment segment) {
    int index = segment.index();
    MemorySegment memory = encoded(index, segment.footer().written());
    int bytes = (int) memory.byteSize();
    MemorySegment[][] pieces =
        new MemorySegment[Math.ceilDiv(bytes, Device.MAX_SUBMISSION_BYTES)][];
    for (int i = 0; i < pieces.length; i++) {
      int at = i * Device.MAX_SUBMISSION_BYTES;
      int length = Math.min(Device.MAX_SUBMISSION_BYTES, bytes - at);
      pieces[i] = new MemorySegment[] {memory.asSlice(at, length)};
    }
    GatheringWrite.write(
        volume.device(),
        footerOffset(index, bytes),
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

  /** Writes the footer of a sealed segment that has none, and waits for the device. */
  void sealAgain(int index, SegmentFooter records) throws IOException {
    MemorySegment memory = encoded(index, records);
    BlockingIo.write(volume.device(), footerOffset(index, memory.byteSize()), memory);
  }

  private MemorySegment encoded(int index, SegmentFooter footer) {
    MemorySegment memory =
        Arena.ofAuto().allocate(SegmentFooter.bytes(footer.count()), Device.BLOCK_BYTES);
    Segments segments = volume.segments();
    footer.encode(memory.asByteBuffer(), index, segments.generation(index), segments.nonce(index));
    return memory;
  }

  private long footerOffset(int index, long bytes) {
    Geometry geometry = volume.geometry();
    return geometry.segmentOffset(index) + geometry.segmentBytes() - bytes;
  }
}
