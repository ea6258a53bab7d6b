package io.larder.node.hot;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Blocks kept in memory. An entry retains its payload; a reader retains it, too, and a payload
 * whose count is zero already is a miss. Copies of a peer's blocks are served for 60 s at most.
 *
 * <p>Thread-safe. Eviction runs on the thread that causes it, so that memory is free when a call
 * returns.
 */
public final class HotTier {
  /** How long another node's block may be served after it was deleted there. */
  static final long PEER_COPY_MS = 60_000;

  /** The approximate heap of an entry beside its chunks. */
  private static final int ENTRY_OVERHEAD_BYTES = 256;

  /**
   * The interval at which reads of an entry count: recording a read in the cache costs more than
   * the read, and an entry that was read within the second is not about to be evicted.
   */
  static final long COUNTED_EVERY_MS = 1_000;

  private static final int INVALIDATION_STRIPES = 4096;

  private static final class Entry {
    final byte[] keyBytes;
    final Block block;
    final boolean peerCopy;
    final long sinceNanos;

    /** The time of the last read that counted; races count one twice at worst. */
    long countedMs;

    Entry(byte[] keyBytes, Block block, boolean peerCopy, long sinceNanos) {
      this.keyBytes = keyBytes;
      this.block = block;
      this.peerCopy = peerCopy;
      this.sinceNanos = sinceNanos;
    }
  }

  /** By fingerprint; the entry's full key decides a hit. */
  private final Cache<Long, Entry> cache;

  private final Policy<Long, Entry> policy;
  private final LongSupplier nanoClock;

  private final AtomicIntegerArray invalidations = new AtomicIntegerArray(INVALIDATION_STRIPES);

  /**
   * @param capacityBytes the most that the entries may occupy together
   * @param nanoClock monotonic, for the time that a peer's blocks are kept
   */
  public HotTier(long capacityBytes, LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    cache =
        Caffeine.newBuilder()
            .maximumWeight(capacityBytes)
            .weigher((Long _, Entry entry) -> weight(entry))
            .executor(Runnable::run)
            .removalListener((@Nullable Long _, @Nullable Entry entry, RemovalCause _) -> {
              if (entry != null) {
                entry.block.payload().release();
              }
            })
            .build();
    policy = cache.policy();
  }

  /** The block with one reference for the caller, or null. */
  public @Nullable Block get(Key key, long logicalNowMs) {
    Entry entry = policy.getIfPresentQuietly(key.fingerprint());
    if (entry == null
        || !Arrays.equals(entry.keyBytes, key.bytes())
        || entry.block.isExpired(logicalNowMs)) {
      return null;
    }
    if (entry.peerCopy && nanoClock.getAsLong() - entry.sinceNanos >= PEER_COPY_MS * 1_000_000) {
      cache.asMap().remove(key.fingerprint(), entry);
      return null;
    }
    if (logicalNowMs - entry.countedMs >= COUNTED_EVERY_MS) {
      entry.countedMs = logicalNowMs;
      Entry _ = cache.getIfPresent(key.fingerprint());
    }
    return entry.block.payload().tryRetain() ? entry.block : null;
  }

  /**
   * Marks the start of a fill; {@link #put} takes the mark and drops the fill if the key was
   * invalidated in between.
   */
  public int fillMark(Key key) {
    return invalidations.get(stripe(key.fingerprint()));
  }

  /**
   * Keeps a block, which it retains, unless its key was invalidated since the mark.
   *
   * @param peerCopy whether another node's device holds it
   */
  public void put(Key key, Block block, boolean peerCopy, int fillMark) {
    if (invalidations.get(stripe(key.fingerprint())) != fillMark) {
      return;
    }
    block.payload().retain();
    cache.put(key.fingerprint(), new Entry(key.bytes(), block, peerCopy, nanoClock.getAsLong()));
    if (invalidations.get(stripe(key.fingerprint())) != fillMark) {
      cache.invalidate(key.fingerprint()); // an invalidation ran between the check and the put
    }
  }

  /** Drops a key, and its fills that are in progress. */
  public void invalidate(long fingerprint) {
    invalidations.incrementAndGet(stripe(fingerprint));
    cache.invalidate(fingerprint);
  }

  /** Evicts the coldest entries of about that many bytes; false if there was none. */
  public boolean evict(long bytes) {
    Map<Long, Entry> coldest =
        policy.eviction().map(eviction -> eviction.coldestWeighted(bytes)).orElse(Map.of());
    if (coldest.isEmpty()) {
      coldest = policy.eviction().map(eviction -> eviction.coldest(1)).orElse(Map.of());
    }
    coldest.keySet().forEach(cache::invalidate);
    return !coldest.isEmpty();
  }

  /** Drops every entry. */
  public void clear() {
    cache.invalidateAll();
  }

  /** Bytes that the entries occupy. */
  public long weightBytes() {
    return policy.eviction().map(e -> e.weightedSize().orElse(0)).orElse(0L);
  }

  /** The approximate number of blocks. */
  public long entries() {
    return cache.estimatedSize();
  }

  private static int stripe(long fingerprint) {
    return (int) (fingerprint >>> 32) & (INVALIDATION_STRIPES - 1);
  }

  private static int weight(Entry entry) {
    Block block = entry.block;
    long bytes = block.payload().occupiedBytes() + entry.keyBytes.length + block.metadata().length;
    return (int) Math.min(Integer.MAX_VALUE, bytes + ENTRY_OVERHEAD_BYTES);
  }
}
