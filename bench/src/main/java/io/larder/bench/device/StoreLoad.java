package io.larder.bench.device;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.store.log.LogStore;
import io.larder.protocol.PutToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/** Puts and gets values of one size, of keys numbered in the order of their puts. */
final class StoreLoad implements AutoCloseable {
  private static final Keyspace KEYSPACE = new Keyspace("bench");

  private final LogStore store;
  private final Payload[] payloads;
  private final int valueBytes;
  private final AtomicLong put;
  private final Evictions evictions;

  /**
   * @param evictions the store's drops since formatting
   * @param firstPut the number of the first key to put
   * @param depth the number of operations in flight
   */
  StoreLoad(
      LogStore store,
      Evictions evictions,
      MemoryPool pool,
      int valueBytes,
      int depth,
      long firstPut) {
    this.store = store;
    this.evictions = evictions;
    this.valueBytes = valueBytes;
    this.put = new AtomicLong(firstPut);
    this.payloads = new Payload[depth];
    for (int lane = 0; lane < depth; lane++) {
      payloads[lane] = random(pool, valueBytes, lane);
    }
  }

  /** A payload of random bytes with its checksums. */
  static Payload random(MemoryPool pool, int bytes, long seed) {
    Payload payload = pool.allocate(bytes, MemoryPool.Purpose.PUT).join();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < payload.chunkCount(); i++) {
      ByteBuffer chunk = payload.chunk(i);
      while (chunk.remaining() >= Long.BYTES) {
        chunk.putLong(random.nextLong());
      }
      payload.setCrc(i, payload.computeCrc(i));
    }
    return payload;
  }

  static Key key(long number) {
    byte[] bytes = new byte[Long.BYTES];
    ByteBuffer.wrap(bytes).putLong(number);
    return KEYSPACE.key(bytes);
  }

  /** Puts a block and makes it visible. */
  static CompletableFuture<Void> put(LogStore store, long number, Payload payload) {
    Block block = new Block(new PutToken(1, number), Block.NO_METADATA, Block.NEVER, payload);
    return store.write(key(number), block).thenAccept(written -> written.publish());
  }

  /** The number of the next key to put. */
  long nextPut() {
    return put.get();
  }

  Measurement put(int depth, Duration time, long maxOperations)
      throws IOException, InterruptedException {
    return ClosedLoop.run(
        depth,
        time,
        maxOperations,
        valueBytes,
        lane -> put(store, put.getAndIncrement(), payloads[lane]));
  }

  /**
   * Reads random keys of the latest puts that are still stored: each opening of the store leaves
   * segments half empty, so some of them may have been evicted.
   *
   * @throws IOException if none is left, if more than a thousandth of the reads were misses, which
   *     would void the measurement, or if a block is missing that the store has not reported as
   *     dropped
   */
  Measurement get(int depth, Duration time, long ofTheLast, long seed)
      throws IOException, InterruptedException {
    SplittableRandom[] random = new SplittableRandom[depth];
    for (int lane = 0; lane < depth; lane++) {
      random[lane] = new SplittableRandom(seed + lane);
    }
    Queue<Key> gone = new ConcurrentLinkedQueue<>();
    long[] there =
        LongStream.range(Math.max(0, put.get() - ofTheLast), put.get())
            .filter(number -> {
              Key key = key(number);
              return store.find(key.slot(), key.fingerprint()) != 0 || !gone.add(key);
            })
            .toArray();
    if (there.length == 0) {
      throw new IOException("nothing of what was put last is left; use a larger device");
    }
    // Each lane has keys of its own: the device serves concurrent reads of one key by one read.
    int each = Math.max(1, there.length / depth);
    AtomicLong misses = new AtomicLong();
    Measurement measurement =
        ClosedLoop.run(
            depth,
            time,
            Long.MAX_VALUE,
            valueBytes,
            lane -> {
              Key key = key(there[(lane + depth * random[lane].nextInt(each)) % there.length]);
              return store
                  .read(key)
                  .thenAccept(block -> {
                    if (block != null) {
                      block.payload().release();
                    } else {
                      misses.incrementAndGet();
                      gone.add(key);
                    }
                  });
            });
    long lost = gone.stream().filter(key -> !evictions.contains(key.fingerprint())).count();
    if (lost > 0) {
      throw new IOException(
          lost
              + " blocks were not found though the store did not say it dropped them; "
              + store.stats());
    }
    if (misses.get() > measurement.operations() / 1000) {
      throw new IOException(
          misses
              + " of "
              + measurement.operations()
              + " reads were of blocks that had been evicted; use a larger device");
    }
    return measurement;
  }

  @Override
  public void close() {
    for (Payload payload : payloads) {
      payload.release();
    }
  }
}
