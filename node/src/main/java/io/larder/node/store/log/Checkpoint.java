package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.store.format.CheckpointTable;
import io.larder.node.store.format.Geometry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The segment table on the device, twice; written to the older side, so that the newer one is whole
 * whenever a write is torn.
 *
 * <p>Only blocks that differ from what the side holds are written, then the root. No acknowledged
 * put depends on a checkpoint. One thread.
 */
final class Checkpoint {
  private static final int BLOCK = Geometry.BLOCK_BYTES;

  private final Device device;
  private final Geometry geometry;
  private final UUID deviceUuid;
  private final MemorySegment[] images = new MemorySegment[2]; // what each side holds
  private final boolean[] known = new boolean[2];
  private final MemorySegment fresh;
  private long sequence;
  private int newestSide = 1;
  private long writtenAtNanos = System.nanoTime();

  Checkpoint(Device device, Geometry geometry, UUID deviceUuid) {
    this.device = device;
    this.geometry = geometry;
    this.deviceUuid = deviceUuid;
    Arena arena = Arena.ofAuto();
    this.fresh = arena.allocate(geometry.sideBytes(), BLOCK);
    images[0] = arena.allocate(geometry.sideBytes(), BLOCK);
    images[1] = arena.allocate(geometry.sideBytes(), BLOCK);
  }

  /** Nanoseconds since the last one was written. */
  long ageNanos() {
    return System.nanoTime() - writtenAtNanos;
  }

  /** The sequence of the newest one. */
  long sequence() {
    return sequence;
  }

  /** Writes the table as it is now to the older side. */
  void write(Segments segments, long mountSequence, long clockMs) throws IOException {
    table(segments, mountSequence, clockMs).encode(fresh.asByteBuffer(), deviceUuid);
    int side = other(newestSide);
    MemorySegment image = images[side];
    boolean whole = !known[side];
    known[side] = false; // until it is written, nobody knows what the side holds
    long offset = geometry.sideOffset(side);
    for (int at = BLOCK; at < geometry.sideBytes(); at += BLOCK) {
      MemorySegment block = fresh.asSlice(at, BLOCK);
      if (whole || block.mismatch(image.asSlice(at, BLOCK)) >= 0) {
        BlockingIo.write(device, offset + at, block);
      }
    }
    BlockingIo.flush(device);
    BlockingIo.write(device, offset, fresh.asSlice(0, BLOCK));
    BlockingIo.flush(device);
    image.copyFrom(fresh);
    known[side] = true;
    newestSide = side;
    sequence++;
    writtenAtNanos = System.nanoTime();
  }

  private static int other(int side) {
    return 1 - side;
  }

  private CheckpointTable table(Segments segments, long mountSequence, long clockMs) {
    CheckpointTable.Entry[] entries = new CheckpointTable.Entry[segments.count()];
    for (int i = 0; i < entries.length; i++) {
      entries[i] =
          new CheckpointTable.Entry(
              segments.generation(i),
              segments.state(i),
              segments.nonce(i),
              segments.openedLsn(i),
              segments.lowestLsn(i),
              segments.liveBytes(i));
    }
    return new CheckpointTable(sequence + 1, mountSequence, clockMs, entries);
  }

  /**
   * Reads the newest whole side and continues from there; null if both are bad, and then the
   * segments' headers must do.
   */
  @Nullable CheckpointTable load() {
    CheckpointTable left = loadSide(0);
    CheckpointTable right = loadSide(1);
    boolean isLeft = left != null && (right == null || left.sequence() > right.sequence());
    CheckpointTable newest = isLeft ? left : right;
    if (newest != null) {
      sequence = newest.sequence();
      newestSide = isLeft ? 0 : 1;
    }
    return newest;
  }

  /** Reads one side; null if it is damaged. */
  @Nullable CheckpointTable loadSide(int side) {
    MemorySegment memory = Arena.ofAuto().allocate(geometry.sideBytes(), BLOCK);
    try {
      BlockingIo.read(device, geometry.sideOffset(side), memory);
    } catch (IOException e) {
      return null; // as good as torn: the other side or the headers serve
    }
    return CheckpointTable.decode(memory.asByteBuffer(), deviceUuid, geometry.segmentCount());
  }
}
