package io.larder.bench.crash;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.bench.BlockContent;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.protocol.PutToken;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;

/** Keys and values of the crash bench: everything follows from a key's number and its version. */
final class Content {
  static final int MAX_BYTES = 1 << 20;
  private static final int SALT = 1;
  private static final int LARGE_BYTES = 64 << 10;
  private static final Keyspace KEYSPACE = new Keyspace("crash");

  private Content() {}

  static Key key(int number) {
    return KEYSPACE.key(("key-" + number).getBytes(US_ASCII));
  }

  /** Most are small and share group commits; a third have an extent of their own. */
  static int length(int key, int version) {
    SplittableRandom random = new SplittableRandom(id(key, version));
    return random.nextInt(3) == 0 ? random.nextInt(MAX_BYTES) : random.nextInt(LARGE_BYTES);
  }

  /** Makes a version of a key; the caller releases the payload. */
  static Block block(MemoryPool pool, int key, int version)
      throws ExecutionException, InterruptedException {
    return block(pool, key, version, length(key, version));
  }

  /** Like {@link #block(MemoryPool, int, int)}, with a given length. */
  static Block block(MemoryPool pool, int key, int version, int length)
      throws ExecutionException, InterruptedException {
    Payload payload = pool.allocate(length, MemoryPool.Purpose.PUT).get();
    for (int i = 0; i < payload.chunkCount(); i++) {
      BlockContent.fill(payload.chunk(i), id(key, version) + i, SALT);
      payload.setCrc(i, payload.computeCrc(i));
    }
    return new Block(new PutToken(1, version), Block.NO_METADATA, Block.NEVER, payload);
  }

  /** The version whose bytes the block has; empty if a byte differs from those of its version. */
  static OptionalInt version(int key, Block block) {
    return version(key, block, length(key, (int) block.id().sequence()));
  }

  /** Like {@link #version(int, Block)}, with a given length. */
  static OptionalInt version(int key, Block block, int length) {
    int version = (int) block.id().sequence();
    Payload payload = block.payload();
    if (payload.length() != length) {
      return OptionalInt.empty();
    }
    for (int i = 0; i < payload.chunkCount(); i++) {
      OptionalInt salt = BlockContent.verify(payload.chunk(i), id(key, version) + i);
      if (salt.orElse(0) != SALT && payload.chunkLength(i) >= Long.BYTES) {
        return OptionalInt.empty();
      }
    }
    return OptionalInt.of(version);
  }

  /** Different for each chunk of each version of each key. */
  private static long id(int key, int version) {
    return ((long) key << 40) + ((long) version << 8);
  }
}
