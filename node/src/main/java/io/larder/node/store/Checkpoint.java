package io.larder.node.store;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The segment table on the device, twice; written to the older side, so that the newer one is whole
 * whenever a write is torn.
 *
 * <pre>
 * side        ┌──────┬─────────┬─────────┬──···──┐
 *             │ root │ block 0 │ block 1 │       │   4 KiB each
 *             └──────┴─────────┴─────────┴──···──┘
 * root    0  magic "LCKP"            4    32  checkpoint sequence       8
 *         4  CRC32C of 8…4095        4    40  mount sequence            8
 *         8  table blocks            4    48  logical time, ms          8
 *        12  CRC32C of the blocks'   4    56  zeros           …      4096
 *            CRC32Cs, in order
 *        16  device UUID            16
 * block   0  magic "LTBL"            4    16  device UUID              16
 *         4  CRC32C of 8…4095        4    32  reserved                 32
 *         8  number of the block     4    64  63 entries of 64 B
 *        12  reserved                4
 * entry   0  generation              4    24  LSN at opening            8
 *         4  state                   4    32  lowest LSN                8
 *         8  nonce                  16    40  live bytes 8, reserved 16
 * state   0 free, 1 opening, 2 open, 3 sealing, 4 sealed, 5 reclaiming, 6 quarantined
 * </pre>
 *
 * Only blocks that differ from what the side holds are written, then the root. No acknowledged put
 * depends on a checkpoint. One thread.
 */
final class Checkpoint {
  private static final int BLOCK = Geometry.BLOCK_BYTES;
  private static final int ENTRY_BYTES = 64;
  private static final int HEADER_BYTES = 64;
  private static final int PER_BLOCK = (BLOCK - HEADER_BYTES) / ENTRY_BYTES;
  private static final int ROOT_MAGIC = 0x504b434c;
  private static final int BLOCK_MAGIC = 0x4c42544c;

  /** What one segment's entry says. */
  record Entry(int generation, Segments.State state, Nonce nonce, long openedLsn, long lowestLsn) {}

  /** A side as it was read. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Loaded(int side, long sequence, long mountSequence, long clockMs, Entry[] entries) {}

  private final Device device;
  private final Geometry geometry;
  private final UUID deviceUuid;
  private final MemorySegment[] images = new MemorySegment[2]; // what each side holds
  private final boolean[] known = new boolean[2];
  private final MemorySegment fresh;
  private long sequence;
  private int newestSide;
  private long writtenAtNanos = System.nanoTime();

  Checkpoint(Device device, Geometry geometry, UUID deviceUuid, @Nullable Loaded newest) {
    this.device = device;
    this.geometry = geometry;
    this.deviceUuid = deviceUuid;
    this.sequence = newest == null ? 0 : newest.sequence();
    this.newestSide = newest == null ? 1 : newest.side();
    Arena arena = Arena.ofAuto();
    this.fresh = arena.allocate(geometry.sideBytes(), BLOCK);
    images[0] = arena.allocate(geometry.sideBytes(), BLOCK);
    images[1] = arena.allocate(geometry.sideBytes(), BLOCK);
  }

  static int sideBytes(int segments) {
    return BLOCK * (1 + (segments + PER_BLOCK - 1) / PER_BLOCK);
  }

  /** Nanoseconds since the last one was written. */
  long ageNanos() {
    return System.nanoTime() - writtenAtNanos;
  }

  /** Writes the table as it is now to the older side; returns its sequence. */
  long write(Segments segments, long mountSequence, long clockMs) throws IOException {
    encode(segments, mountSequence, clockMs);
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
    return sequence;
  }

  private static int other(int side) {
    return 1 - side;
  }

  private void encode(Segments segments, long mountSequence, long clockMs) {
    fresh.fill((byte) 0);
    ByteBuffer all = fresh.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    int blocks = geometry.sideBytes() / BLOCK - 1;
    ByteBuffer crcs = ByteBuffer.allocate(4 * blocks).order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < blocks; block++) {
      ByteBuffer b = all.slice((block + 1) * BLOCK, BLOCK).order(ByteOrder.LITTLE_ENDIAN);
      crcs.putInt(4 * block, encodeBlock(b, block, segments));
    }
    all.putInt(0, ROOT_MAGIC).putInt(8, blocks).putInt(12, Checksum.of(crcs, 0, 4 * blocks));
    putUuid(all);
    all.putLong(32, sequence + 1).putLong(40, mountSequence).putLong(48, clockMs);
    all.putInt(4, Checksum.of(all, 8, BLOCK));
  }

  /** Lays out one block of the table; returns its checksum. */
  private int encodeBlock(ByteBuffer b, int block, Segments segments) {
    b.putInt(0, BLOCK_MAGIC).putInt(8, block);
    putUuid(b);
    int first = block * PER_BLOCK;
    int last = Math.min(first + PER_BLOCK, segments.count());
    for (int segment = first; segment < last; segment++) {
      encodeEntry(b, HEADER_BYTES + (segment - first) * ENTRY_BYTES, segments, segment);
    }
    int crc = Checksum.of(b, 8, BLOCK);
    b.putInt(4, crc);
    return crc;
  }

  private static void encodeEntry(ByteBuffer b, int at, Segments segments, int segment) {
    Nonce nonce = segments.nonce(segment);
    b.putInt(at, segments.generation(segment));
    b.putInt(at + 4, segments.state(segment).code());
    b.putLong(at + 8, nonce.high()).putLong(at + 16, nonce.low());
    b.putLong(at + 24, segments.openedLsn(segment));
    b.putLong(at + 32, segments.lowestLsn(segment));
    b.putLong(at + 40, segments.liveBytes(segment));
  }

  private void putUuid(ByteBuffer b) {
    b.putLong(16, deviceUuid.getMostSignificantBits());
    b.putLong(24, deviceUuid.getLeastSignificantBits());
  }

  /** Reads the newest whole side; null if both are bad, and then the segments' headers must do. */
  static @Nullable Loaded load(Device device, Geometry geometry, UUID deviceUuid) {
    Loaded left = loadSide(device, geometry, deviceUuid, 0);
    Loaded right = loadSide(device, geometry, deviceUuid, 1);
    if (left == null || right == null) {
      return left == null ? right : left;
    }
    return left.sequence() > right.sequence() ? left : right;
  }

  /** The sequence of a side, 0 if it is damaged. */
  static long sequence(Device device, Geometry geometry, UUID deviceUuid, int side) {
    Loaded loaded = loadSide(device, geometry, deviceUuid, side);
    return loaded == null ? 0 : loaded.sequence();
  }

  private static @Nullable Loaded loadSide(Device device, Geometry geometry, UUID uuid, int side) {
    ByteBuffer all;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(geometry.sideBytes(), BLOCK);
      BlockingIo.read(device, geometry.sideOffset(side), memory);
      all = ByteBuffer.wrap(memory.toArray(ValueLayout.JAVA_BYTE));
    } catch (IOException e) {
      return null; // as good as torn: the other side or the headers serve
    }
    ByteBuffer root = all.slice(0, BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    int blocks = geometry.sideBytes() / BLOCK - 1;
    if (!isOurs(root, ROOT_MAGIC, uuid) || root.getInt(8) != blocks) {
      return null;
    }
    Entry[] entries = new Entry[geometry.segmentCount()];
    ByteBuffer crcs = ByteBuffer.allocate(4 * blocks).order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < blocks; block++) {
      ByteBuffer b = all.slice((block + 1) * BLOCK, BLOCK).order(ByteOrder.LITTLE_ENDIAN);
      if (!isOurs(b, BLOCK_MAGIC, uuid) || b.getInt(8) != block) {
        return null;
      }
      crcs.putInt(4 * block, b.getInt(4));
      for (int i = 0; i < PER_BLOCK && block * PER_BLOCK + i < entries.length; i++) {
        int at = HEADER_BYTES + i * ENTRY_BYTES;
        entries[block * PER_BLOCK + i] =
            new Entry(
                b.getInt(at),
                Segments.State.of(b.getInt(at + 4)),
                new Nonce(b.getLong(at + 8), b.getLong(at + 16)),
                b.getLong(at + 24),
                b.getLong(at + 32));
      }
    }
    if (root.getInt(12) != Checksum.of(crcs, 0, 4 * blocks)) {
      return null;
    }
    return new Loaded(side, root.getLong(32), root.getLong(40), root.getLong(48), entries);
  }

  private static boolean isOurs(ByteBuffer b, int magic, UUID uuid) {
    return b.getInt(0) == magic
        && b.getInt(4) == Checksum.of(b, 8, BLOCK)
        && b.getLong(16) == uuid.getMostSignificantBits()
        && b.getLong(24) == uuid.getLeastSignificantBits();
  }
}
