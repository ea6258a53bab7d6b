package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Superblock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Both copies of the superblock of a device.
 *
 * @param newest the valid copy of the highest mount sequence, or null
 * @param valid how many copies are valid, 0 to 2
 */
record Superblocks(@Nullable Superblock newest, int valid) {
  /** The bytes of both copies. */
  static final int BYTES = 2 * Superblock.BYTES;

  /**
   * Reads both copies; the second at the end of the device as the first states it.
   *
   * @throws StoreException if a copy is of a format that this version does not understand
   */
  static Superblocks read(Device device) throws IOException {
    Superblock a = read(device, Superblock.OFFSET_A);
    long size = formattedBytes(device, a);
    Superblock b =
        size < 2L * Geometry.EDGE_BYTES || size > device.sizeBytes()
            ? null
            : read(device, Superblock.offsetB(size));
    if (a != null && b != null) {
      return new Superblocks(b.mountSequence() > a.mountSequence() ? b : a, 2);
    }
    return new Superblocks(a != null ? a : b, a == null && b == null ? 0 : 1);
  }

  /**
   * The superblock to open.
   *
   * @throws StoreException if there is none, or the device is smaller than it says
   */
  static Superblock open(Device device) throws IOException {
    boolean tooSmall = device.sizeBytes() < 2L * Geometry.EDGE_BYTES;
    Superblock superblock = tooSmall ? null : read(device).newest();
    if (superblock == null) {
      throw new StoreException(
          device.name()
              + ": is not a Larder device, or both its superblocks are damaged; format it with"
              + " `larder device format` if nothing on it is needed");
    }
    if (isTooSmall(device, superblock)) {
      throw new StoreException(
          device.name()
              + ": has "
              + device.sizeBytes()
              + " bytes but was formatted with "
              + superblock.geometry().sizeBytes()
              + "; restore its size, or format it anew");
    }
    return superblock;
  }

  /** The size of the device when it was formatted: it may have grown since. */
  private static long formattedBytes(Device device, @Nullable Superblock first) {
    return first == null ? device.sizeBytes() : first.geometry().sizeBytes();
  }

  private static boolean isTooSmall(Device device, Superblock superblock) {
    return superblock.geometry().sizeBytes() > device.sizeBytes();
  }

  /** Identity and capacity of the device of a superblock. */
  static DeviceIdentity identity(Superblock superblock) {
    Geometry geometry = superblock.geometry();
    return new DeviceIdentity(
        superblock.deviceUuid(),
        superblock.cluster(),
        superblock.nodeId(),
        (long) geometry.segmentBytes() * geometry.segmentCount(),
        geometry.segmentBytes(),
        geometry.segmentCount(),
        geometry.maxValueBytes());
  }

  /** Writes one copy, flushes, writes the other, flushes. */
  static void write(Device device, Superblock superblock) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(Superblock.BYTES, Device.BLOCK_BYTES);
      superblock.encode(block.asByteBuffer());
      BlockingIo.write(device, Superblock.OFFSET_A, block);
      BlockingIo.flush(device);
      BlockingIo.write(device, Superblock.offsetB(superblock.geometry().sizeBytes()), block);
      BlockingIo.flush(device);
    }
  }

  private static @Nullable Superblock read(Device device, long offset) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(Superblock.BYTES, Device.BLOCK_BYTES);
      BlockingIo.read(device, offset, block);
      return switch (Superblock.decode(block.asByteBuffer())) {
        case Superblock.Outcome.Whole(Superblock superblock) -> superblock;
        case Superblock.Outcome.Absent() -> null;
        case Superblock.Outcome.UnknownFormat(int major, int minor, long flags) ->
            throw new StoreException(
                device.name()
                    + ": format "
                    + major
                    + "."
                    + minor
                    + (flags == 0 ? "" : " with unknown features " + Long.toHexString(flags))
                    + " is not understood by this version, which reads format "
                    + Superblock.MAJOR
                    + "; use the version that wrote it, or format the device anew");
      };
    }
  }
}
