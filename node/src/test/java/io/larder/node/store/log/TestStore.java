package io.larder.node.store.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.WrittenRecord;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import io.larder.protocol.PutToken;
import io.larder.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A store on a file, and blocks whose bytes follow from their key and a seed. */
final class TestStore implements AutoCloseable {
  static final Keyspace KEYSPACE = new Keyspace("test");
  static final long MIB = 1 << 20;

  final MemoryPool pool;
  final LogStore store;

  private TestStore(MemoryPool pool, LogStore store) {
    this.pool = pool;
    this.store = store;
  }

  static DeviceIdentity format(Path file, long sizeBytes, long maxValueBytes) {
    return DeviceFormat.format(
        new FormatOptions(file, sizeBytes, "test", "node-1", maxValueBytes, false));
  }

  static TestStore open(Path file) {
    return open(StoreConfig.of(file));
  }

  static TestStore open(StoreConfig config) {
    return open(config, (slot, fingerprint, stamp, cause) -> {});
  }

  static TestStore open(StoreConfig config, EvictionListener listener) {
    MemoryPool pool = new MemoryPool(64 * MIB, 16 * MIB);
    boolean opened = false;
    try {
      TestStore made = new TestStore(pool, LogStore.open(config, pool, listener));
      opened = true;
      return made;
    } finally {
      if (!opened) {
        pool.close();
      }
    }
  }

  static Key key(String name) {
    return KEYSPACE.key(name.getBytes(UTF_8));
  }

  /** The bytes that belong to a key. */
  static byte[] bytes(String name, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(name.hashCode() * 31L + length).nextBytes(bytes);
    return bytes;
  }

  Block block(String name, int length) throws Exception {
    return block(name, length, Block.NEVER);
  }

  Block block(String name, int length, long expiresAtMs) throws Exception {
    return new Block(
        new PutToken(7, name.hashCode()),
        ("meta of " + name).getBytes(UTF_8),
        expiresAtMs,
        payload(pool, bytes(name, length)));
  }

  /** A payload of these bytes, with its checksums. */
  static Payload payload(MemoryPool pool, byte[] bytes) throws Exception {
    Payload payload = Patience.get(pool.allocate(bytes.length, MemoryPool.Purpose.PUT));
    int at = 0;
    for (int i = 0; i < payload.chunkCount(); i++) {
      payload.chunk(i).put(bytes, at, payload.chunkLength(i));
      at += payload.chunkLength(i);
      payload.setCrc(i, payload.computeCrc(i));
    }
    return payload;
  }

  WrittenRecord write(String name, int length) throws Exception {
    Block block = block(name, length);
    try {
      return Patience.get(store.write(key(name), block));
    } finally {
      block.payload().release();
    }
  }

  void put(String name, int length) throws Exception {
    write(name, length).publish();
  }

  /** The value's bytes, or null for a miss. */
  byte @Nullable [] get(String name) throws Exception {
    Block block = Patience.get(store.read(key(name)));
    if (block == null) {
      return null;
    }
    try {
      return bytes(block.payload());
    } finally {
      block.payload().release();
    }
  }

  static byte[] bytes(Payload payload) {
    byte[] bytes = new byte[payload.length()];
    int at = 0;
    for (int i = 0; i < payload.chunkCount(); i++) {
      payload.chunk(i).get(bytes, at, payload.chunkLength(i));
      at += payload.chunkLength(i);
    }
    return bytes;
  }

  boolean delete(String name) throws Exception {
    Key key = key(name);
    return Patience.get(store.delete(key.slot(), key.fingerprint(), 0));
  }

  /** Where a key's record starts on a device formatted with these sizes. */
  long offset(String name, long sizeBytes, long maxValueBytes) {
    long stamp = stamp(name);
    return Geometry.choose("test", sizeBytes, maxValueBytes)
            .segmentOffset(Location.stampSegment(stamp))
        + (stamp & ((1 << 22) - 1)) * Location.UNIT_BYTES;
  }

  /** Changes one bit of a file. */
  static void flip(Path file, long offset) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, offset);
      one.put(0, (byte) (one.get(0) ^ 4)).flip();
      channel.write(one, offset);
      channel.force(true);
    }
  }

  /** Overwrites a part of a file with random bytes. */
  static void overwrite(Path file, long offset, int length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes("noise", length)), offset);
      channel.force(true);
    }
  }

  long stamp(String name) {
    return store.find(key(name).slot(), key(name).fingerprint());
  }

  @Override
  public void close() {
    store.close();
    pool.close();
  }
}
