package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.Device;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.WrittenRecord;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import io.larder.node.store.log.Ledger.Note;
import io.larder.protocol.PutToken;
import io.larder.testing.Patience;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A store on a simulated device, all it does noted in the device's log. Of one key there are many
 * versions, each of its own bytes.
 */
final class SimulatedStore implements AutoCloseable {
  static final int SEGMENT_BYTES = 256 << 10;
  static final int SEGMENTS = 12;

  private static final MemoryPool POOL = new MemoryPool(64 << 20, 16 << 20);
  private static final Map<Long, String> NAMES = new ConcurrentHashMap<>();

  final SimulatedDevice device;
  final LogStore store;

  /** Keys that were dropped since it was opened. */
  final Set<String> evicted = ConcurrentHashMap.newKeySet();

  private SimulatedStore(
      SimulatedDevice device, StoreConfig.Durability durability, int ioDeadlineMs) {
    this.device = device;
    this.store =
        LogStore.open(
            device,
            POOL,
            durability,
            ioDeadlineMs,
            (slot, fingerprint, stamp, cause) -> {
              String name = NAMES.getOrDefault(fingerprint, "?");
              evicted.add(name);
              device.note(new Note.Evicted(name));
            });
  }

  static SimulatedStore open(SimulatedDevice device, StoreConfig.Durability durability) {
    return open(device, durability, StoreConfig.DEFAULT_IO_DEADLINE_MS);
  }

  static SimulatedStore open(
      SimulatedDevice device, StoreConfig.Durability durability, int ioDeadlineMs) {
    return new SimulatedStore(device, durability, ioDeadlineMs);
  }

  /** Payload memory in use, in bytes. */
  static long memoryBytes() {
    return POOL.usedBytes();
  }

  /** The image of a formatted device. */
  static byte[][] formatted() {
    return formatted(SEGMENTS);
  }

  static byte[][] formatted(int segments) {
    int side = Geometry.sideBytes(segments);
    long start = (Geometry.EDGE_BYTES + 2L * side + (1 << 20) - 1) & -(1 << 20);
    long size = start + (long) segments * SEGMENT_BYTES + Geometry.EDGE_BYTES;
    return format(SimulatedDevice.blank(size), segments);
  }

  /** The same device, formatted anew. */
  static byte[][] format(byte[][] image, int segments) {
    long size = (long) image.length * Geometry.BLOCK_BYTES;
    Geometry geometry = new Geometry(size, SEGMENT_BYTES, segments, Geometry.sideBytes(segments));
    try (SimulatedDevice device = SimulatedDevice.prompt(image)) {
      DeviceFormat.format(device, geometry, "test", "node-1");
      return device.image();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Key key(String name) {
    Key key = TestStore.key(name);
    NAMES.put(key.fingerprint(), name);
    return key;
  }

  /** How long a version is: mostly small ones, which share groups. */
  static int length(String name, int version) {
    SplittableRandom random = new SplittableRandom(name.hashCode() * 1_000_003L + version);
    return random.nextInt(10) < 3 ? 65_536 + random.nextInt(60_000) : random.nextInt(20_000);
  }

  static byte[] bytes(String name, int version) {
    return TestStore.bytes(name + "/" + version, length(name, version));
  }

  /** Writes a version that is neither published nor discarded yet. */
  CompletableFuture<WrittenRecord> write(String name, int version) throws Exception {
    Payload payload = TestStore.payload(POOL, bytes(name, version));
    Block block = new Block(new PutToken(1, version), new byte[0], Block.NEVER, payload);
    device.note(new Note.PutStarted(name, version));
    return store.write(key(name), block).whenComplete((written, failure) -> payload.release());
  }

  CompletableFuture<Void> put(String name, int version) throws Exception {
    return write(name, version)
        .thenAccept(written -> {
          written.publish();
          device.note(new Note.PutAcknowledged(name, version));
        });
  }

  /** Writes version 1 and waits for it. */
  void put(String name) throws Exception {
    Patience.get(put(name, 1));
  }

  CompletableFuture<Void> discard(String name, int version) throws Exception {
    return write(name, version)
        .thenCompose(WrittenRecord::discard)
        .thenAccept(done -> device.note(new Note.DiscardAcknowledged(name, version)));
  }

  CompletableFuture<Boolean> delete(String name) {
    device.note(new Note.DeleteStarted(name));
    Key key = key(name);
    return store
        .delete(key.slot(), key.fingerprint(), 0)
        .thenApply(deleted -> {
          if (deleted) {
            device.note(new Note.DeleteAcknowledged(name));
          }
          return deleted;
        });
  }

  CompletableFuture<Boolean> pin(String name, boolean on) {
    if (!on) {
      device.note(new Note.UnpinStarted(name));
    }
    Key key = key(name);
    return store
        .pin(key.slot(), key.fingerprint(), on)
        .thenApply(done -> {
          if (on && done) {
            device.note(new Note.PinAcknowledged(name));
          }
          return done;
        });
  }

  void checkpoint() throws IOException {
    device.note(new Note.CheckpointWritten(store.checkpoint()));
  }

  boolean isPinned(String name) {
    return store.volume().pins().isPinned(key(name).fingerprint());
  }

  byte @Nullable [] get(String name) throws Exception {
    Block block = Patience.get(store.read(key(name)));
    if (block == null) {
      return null;
    }
    try {
      return TestStore.bytes(block.payload());
    } finally {
      block.payload().release();
    }
  }

  /** Which version is there, {@link Ledger#ABSENT} for none; fails if its bytes are not its own. */
  int version(String name) throws Exception {
    Block block = Patience.get(store.read(key(name)));
    if (block == null) {
      return Ledger.ABSENT;
    }
    try {
      int version = (int) block.id().sequence();
      assertThat(Arrays.equals(TestStore.bytes(block.payload()), bytes(name, version)))
          .as("the bytes of version %s of %s", version, name)
          .isTrue();
      return version;
    } finally {
      block.payload().release();
    }
  }

  /** Where the block of a key's record starts on the device. */
  long place(String name) {
    Volume volume = store.volume();
    Key key = key(name);
    long location = volume.index().get(key.slot(), key.fingerprint(), Long.MIN_VALUE);
    long offset =
        volume.geometry().segmentOffset(Location.segment(location))
            + (long) Location.offsetUnits(location) * Location.UNIT_BYTES;
    return offset & -Device.BLOCK_BYTES;
  }

  /** Ends it as a crash does: nothing more reaches the device. */
  @Override
  public void close() {
    device.powerOff();
    store.volume().stopWriting("the power is off", null);
    store.close();
  }
}
