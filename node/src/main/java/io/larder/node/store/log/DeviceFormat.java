package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.device.DirectDevice;
import io.larder.node.device.SparseFile;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.DeviceInspection;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.RecoveryReport;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.CheckpointTable;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.Superblock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Formats and inspects devices, for the launcher's {@code device} commands. */
public final class DeviceFormat {
  private static final int THREADS = 2;

  private enum Content {
    EMPTY,
    LARDER,
    FOREIGN
  }

  private DeviceFormat() {}

  /**
   * Formats a block device or file, creating a sparse file if requested.
   *
   * @throws StoreException if it is in use, too small, or holds anything and force was not given;
   *     the message says what to do
   */
  public static DeviceIdentity format(FormatOptions options) {
    checkName("cluster name", options.cluster());
    checkName("node id", options.nodeId());
    Path path = options.path();
    boolean created = false;
    try {
      if (options.fileSizeBytes() > 0 && !Files.exists(path)) {
        geometry(path.toString(), options.fileSizeBytes(), options);
        SparseFile.create(path, options.fileSizeBytes());
        created = true;
      }
      try (Device device = DirectDevice.open(path, THREADS)) {
        return format(device, options);
      }
    } catch (IOException e) {
      if (created) {
        path.toFile().delete();
      }
      throw new StoreException(message(e), e);
    }
  }

  /**
   * Formats an open device.
   *
   * @throws StoreException as {@link #format(FormatOptions)}
   * @throws IOException if the device fails
   */
  public static DeviceIdentity format(Device device, FormatOptions options) throws IOException {
    Geometry geometry = geometry(device.name(), device.sizeBytes(), options);
    Content content = content(device);
    if (content != Content.EMPTY && !options.force()) {
      throw new StoreException(
          device.name()
              + (content == Content.LARDER
                  ? ": is a Larder device already; "
                  : ": holds something else, perhaps a file system or a partition table; ")
              + "nothing was changed. Use --force to destroy what is on it");
    }
    return format(device, geometry, options.cluster(), options.nodeId());
  }

  private static Geometry geometry(String name, long sizeBytes, FormatOptions options) {
    try {
      return Geometry.choose(name, sizeBytes, options.maxValueBytes());
    } catch (IllegalArgumentException e) {
      throw new StoreException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Formats over whatever is there. */
  static DeviceIdentity format(Device device, Geometry geometry, String cluster, String nodeId)
      throws IOException {
    // A crash from here on leaves a device without a superblock: unformatted.
    zero(device, 0);
    zero(device, device.sizeBytes() - Geometry.EDGE_BYTES);
    BlockingIo.flush(device);
    Superblock superblock =
        new Superblock(
            UUID.randomUUID(),
            cluster,
            nodeId,
            geometry,
            System.currentTimeMillis(),
            0,
            Nonce.random());
    Segments empty = new Segments(geometry.segmentCount());
    Checkpoint checkpoint = new Checkpoint(device, geometry, superblock.deviceUuid());
    checkpoint.write(empty, 0, superblock.formattedAtMs());
    checkpoint.write(empty, 0, superblock.formattedAtMs());
    Superblocks.write(device, superblock);
    return Superblocks.identity(superblock);
  }

  /**
   * Inspects a device that no node has open.
   *
   * @throws StoreException if it cannot be opened, or its format is not understood
   */
  public static DeviceInspection inspect(Path path) {
    return inspect(path, null);
  }

  /** As {@link #inspect(Path)}, with a trial recovery, which calls back for each segment read. */
  public static DeviceInspection rehearse(Path path, Runnable segmentRead) {
    return inspect(path, segmentRead);
  }

  private static DeviceInspection inspect(Path path, @Nullable Runnable segmentRead) {
    try (Device device = DirectDevice.open(path, THREADS)) {
      if (device.sizeBytes() < 2L * Geometry.EDGE_BYTES) {
        return nothing(device, Content.FOREIGN);
      }
      Superblocks superblocks = Superblocks.read(device);
      Superblock superblock = superblocks.newest();
      if (superblock == null) {
        return nothing(device, content(device));
      }
      boolean whole = superblock.geometry().sizeBytes() <= device.sizeBytes();
      Checkpoint checkpoint =
          new Checkpoint(device, superblock.geometry(), superblock.deviceUuid());
      CheckpointTable table = whole ? checkpoint.load() : null;
      Map<String, Integer> states = new TreeMap<>();
      if (table != null) {
        for (CheckpointTable.Entry entry : table.entries()) {
          String state = entry.state().name();
          states.merge(state.toLowerCase(Locale.ROOT), 1, Integer::sum);
        }
      }
      RecoveryReport recovery = null;
      if (segmentRead != null && whole) {
        Recovery trial = new Recovery(device, superblock, table);
        trial.read(segmentRead);
        recovery = trial.index(new Index(trial.segments()), new Pins(Long.MAX_VALUE));
      }
      return new DeviceInspection(
          device.name(),
          device.sizeBytes(),
          Optional.of(Superblocks.identity(superblock)),
          Superblock.MAJOR + "." + Superblock.MINOR,
          superblock.formattedAtMs(),
          superblock.mountSequence(),
          superblocks.valid(),
          whole ? sequence(checkpoint.loadSide(0)) : 0,
          whole ? sequence(checkpoint.loadSide(1)) : 0,
          Map.copyOf(states),
          name(Content.LARDER),
          Optional.ofNullable(recovery));
    } catch (IOException e) {
      throw new StoreException(message(e), e);
    }
  }

  private static DeviceInspection nothing(Device device, Content content) {
    return new DeviceInspection(
        device.name(),
        device.sizeBytes(),
        Optional.empty(),
        "",
        0,
        0,
        0,
        0,
        0,
        Map.of(),
        name(content),
        Optional.empty());
  }

  private static long sequence(@Nullable CheckpointTable side) {
    return side == null ? 0 : side.sequence();
  }

  private static String name(Content content) {
    return content.name().toLowerCase(Locale.ROOT);
  }

  private static Content content(Device device) throws IOException {
    byte[] start = edge(device, 0);
    byte[] end = edge(device, device.sizeBytes() - Geometry.EDGE_BYTES);
    ByteBuffer a = ByteBuffer.wrap(start);
    ByteBuffer b = ByteBuffer.wrap(end);
    if (Superblock.looksLike(a.slice((int) Superblock.OFFSET_A, Superblock.BYTES))
        || Superblock.looksLike(b.slice(Geometry.EDGE_BYTES - (64 << 10), Superblock.BYTES))) {
      return Content.LARDER;
    }
    return isZero(start) && isZero(end) ? Content.EMPTY : Content.FOREIGN;
  }

  private static boolean isZero(byte[] bytes) {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private static byte[] edge(Device device, long offset) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(Geometry.EDGE_BYTES, Device.BLOCK_BYTES);
      BlockingIo.read(device, offset, memory);
      return memory.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static void zero(Device device, long offset) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      BlockingIo.write(device, offset, arena.allocate(Geometry.EDGE_BYTES, Device.BLOCK_BYTES));
    }
  }

  private static void checkName(String title, String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > Superblock.MAX_NAME_BYTES) {
      throw new StoreException(
          title + " '" + name + "': give 1 to " + Superblock.MAX_NAME_BYTES + " bytes");
    }
  }

  private static String message(IOException e) {
    String message = e.getMessage();
    return message == null ? e.toString() : message;
  }
}
