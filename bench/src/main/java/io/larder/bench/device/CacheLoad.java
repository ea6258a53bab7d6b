package io.larder.bench.device;

import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.store.StoreStats;
import io.larder.node.store.log.LogStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Uses a store as a cache: a missed block is put. The same references go through an LRU cache of a
 * given number of blocks, for comparison.
 */
final class CacheLoad {
  /** The operations between two readings of the store's blocks. */
  private static final int LOOKUPS_A_SAMPLE = 500;

  private final LogStore store;
  private final DeviceWindow window;
  private final Payload payload;
  private final Lru lru;
  private final AtomicLong lookups = new AtomicLong();
  private final AtomicLong hits = new AtomicLong();
  private final AtomicLong puts = new AtomicLong();
  private final LongAdder held = new LongAdder();
  private final LongAdder samples = new LongAdder();
  private long lruHits;
  private long writtenBefore;

  /**
   * The result.
   *
   * @param hitRatio the hit ratio of the store
   * @param lruHitRatio the hit ratio of an LRU cache
   * @param writeAmplification bytes written to the device by bytes of values put
   * @param blocksHeld the blocks in the store, on average since it was full
   */
  record Outcome(
      double hitRatio, double lruHitRatio, double writeAmplification, double blocksHeld) {}

  private static final class Lru extends LinkedHashMap<Long, Boolean> {
    private static final long serialVersionUID = 1;
    private final long capacity;

    Lru(long capacity) {
      super(1 << 16, 0.75f, true);
      this.capacity = capacity;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
      return size() > capacity;
    }
  }

  CacheLoad(LogStore store, DeviceWindow window, MemoryPool pool, int valueBytes, long lruBlocks) {
    this.store = store;
    this.window = window;
    this.payload = StoreLoad.random(pool, valueBytes, 1);
    this.lru = new Lru(lruBlocks);
  }

  /**
   * References keys by Zipf's law with exponent 0.9; the first part warms the cache and is not
   * counted.
   */
  Outcome zipf(int keys, long warmUp, long operations) throws IOException, InterruptedException {
    double[] cumulative = new double[keys];
    double sum = 0;
    for (int i = 0; i < keys; i++) {
      sum += 1 / Math.pow(i + 1, 0.9);
      cumulative[i] = sum;
    }
    SplittableRandom random = new SplittableRandom(9);
    for (long count : new long[] {warmUp, operations}) {
      begin();
      ClosedLoop.run(
          8,
          Duration.ofMinutes(10),
          count,
          payload.length(),
          lane -> {
            long key;
            synchronized (random) {
              int at = Arrays.binarySearch(cumulative, random.nextDouble() * cumulative[keys - 1]);
              key = at < 0 ? -at - 1 : at;
              reference(key);
            }
            return getOrPut(key);
          });
    }
    return end();
  }

  /** References each request's blocks together, one request after the other. */
  Outcome trace(List<List<Long>> requests) {
    begin();
    for (List<Long> blocks : requests) {
      List<CompletableFuture<?>> all = new ArrayList<>(blocks.size());
      for (long block : blocks) {
        reference(block);
        all.add(getOrPut(block));
      }
      CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
    }
    return end();
  }

  private void begin() {
    lookups.set(0);
    hits.set(0);
    puts.set(0);
    held.reset();
    samples.reset();
    lruHits = 0;
    writtenBefore = window.bytesWritten();
  }

  private Outcome end() {
    double written = window.bytesWritten() - writtenBefore;
    double all = lookups.get();
    payload.release();
    return new Outcome(
        hits.get() / all,
        lruHits / all,
        written / ((double) puts.get() * payload.length()),
        samples.sum() == 0 ? store.stats().entries() : held.sum() / (double) samples.sum());
  }

  private void sample() {
    StoreStats stats = store.stats();
    if (stats.evictions() > 0) {
      held.add(stats.entries());
      samples.increment();
    }
  }

  private void reference(long key) {
    lruHits += lru.put(key, true) == null ? 0 : 1;
  }

  private CompletableFuture<?> getOrPut(long key) {
    if (lookups.incrementAndGet() % LOOKUPS_A_SAMPLE == 0) {
      sample();
    }
    return store
        .read(StoreLoad.key(key))
        .thenCompose(block -> {
          if (block != null) {
            hits.incrementAndGet();
            block.payload().release();
            return CompletableFuture.<Void>completedFuture(null);
          }
          puts.incrementAndGet();
          return StoreLoad.put(store, key, payload);
        });
  }
}
