package io.larder.node.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A store on a file, and blocks whose bytes follow from their key and a seed. */
final class TestStore implements AutoCloseable {
  static final Keyspace KEYSPACE = new Keyspace("test");
  static final long MIB = 1 << 20;

  final MemoryPool pool;
  final Store store;

  private TestStore(MemoryPool pool, Store store) {
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
    MemoryPool pool = new MemoryPool(64 * MIB, 16 * MIB);
    boolean opened = false;
    try {
      TestStore made = new TestStore(pool, Store.open(config, pool));
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
    Payload payload = pool.allocate(length, MemoryPool.Purpose.PUT).get(20, TimeUnit.SECONDS);
    byte[] bytes = bytes(name, length);
    int at = 0;
    for (int i = 0; i < payload.chunkCount(); i++) {
      ByteBuffer _ = payload.chunk(i).put(bytes, at, payload.chunkLength(i));
      at += payload.chunkLength(i);
      payload.setCrc(i, payload.computeCrc(i));
    }
    return new Block(
        new PutToken(7, name.hashCode()),
        ("meta of " + name).getBytes(UTF_8),
        expiresAtMs,
        payload);
  }

  WrittenRecord write(String name, int length) throws Exception {
    Block block = block(name, length);
    try {
      return store.write(key(name), block).get(20, TimeUnit.SECONDS);
    } finally {
      block.payload().release();
    }
  }

  void put(String name, int length) throws Exception {
    write(name, length).publish();
  }

  /** The value's bytes, or null for a miss. */
  byte @Nullable [] get(String name) throws Exception {
    Block block = store.read(key(name)).get(20, TimeUnit.SECONDS);
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
      ByteBuffer _ = payload.chunk(i).get(bytes, at, payload.chunkLength(i));
      at += payload.chunkLength(i);
    }
    return bytes;
  }

  boolean delete(String name) throws Exception {
    Key key = key(name);
    return store.delete(key.slot(), key.fingerprint(), 0).get(20, TimeUnit.SECONDS);
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
