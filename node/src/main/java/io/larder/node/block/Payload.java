package io.larder.node.block;

import io.larder.protocol.Limits;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A value's bytes: chunks of 1 MiB and one tail of 4 KiB × 2^k, out of a {@link MemoryPool}, with a
 * CRC32C per chunk.
 *
 * <p>Reference-counted: made with one reference; at zero the chunks go back to the pool and the
 * object is dead. Filled before it is shared; from then on only read. A payload that is shared
 * while its chunks still arrive is marked: {@link #beginArrival} to {@link #arrived} or {@link
 * #breakOff}.
 */
public final class Payload {
  private static final AtomicIntegerFieldUpdater<Payload> REFERENCES =
      AtomicIntegerFieldUpdater.newUpdater(Payload.class, "references");

  private final MemoryPool pool;
  private final MemoryPool.Chunk[] chunks;
  private int length;
  private final int[] crcs;
  private volatile int references = 1;
  private volatile int arrivedChunks;
  private volatile boolean broken;

  /** Waiters for chunks; guarded by this. */
  private final List<Watcher> watchers = new ArrayList<>(0);

  private record Watcher(int chunks, Runnable callback) {}

  Payload(MemoryPool pool, MemoryPool.Chunk[] chunks, int length) {
    this.pool = pool;
    this.chunks = chunks;
    this.length = length;
    this.crcs = new int[chunks.length];
    this.arrivedChunks = chunks.length;
  }

  /** The value's length in bytes; may be 0. */
  public int length() {
    return length;
  }

  /** How many chunks there are; 0 for an empty value. */
  public int chunkCount() {
    return chunks.length;
  }

  /** The value's bytes within chunk {@code i}: 1 MiB for all but the last. */
  public int chunkLength(int i) {
    return Math.min(Limits.CHUNK_BYTES, length - i * Limits.CHUNK_BYTES);
  }

  /** A fresh direct view of chunk {@code i}'s bytes: position 0, limit {@link #chunkLength}. */
  public ByteBuffer chunk(int i) {
    return chunks[i].buffer().slice(0, chunkLength(i));
  }

  /** Copies chunk {@code i} to the buffer's position, which does not change. */
  public void copyChunk(int i, ByteBuffer into) {
    into.put(into.position(), chunks[i].buffer(), 0, chunkLength(i));
  }

  /**
   * The number, within its pool, of the 1 MiB of memory that chunk {@code i} fills, or -1 if it
   * does not fill as much. Below the pool's capacity in MiB; its memory never moves.
   */
  public int wholeChunk(int i) {
    return chunkLength(i) == Limits.CHUNK_BYTES ? chunks[i].number() : -1;
  }

  /**
   * Chunk {@code i} for device I/O: aligned to 4 KiB, the length rounded up to 4 KiB. The bytes
   * after {@link #chunkLength} are padding.
   */
  public MemorySegment ioSegment(int i) {
    MemorySegment segment = chunks[i].segment();
    return isFilled(i) ? segment : segment.asSlice(0, ioBytes(i));
  }

  /** {@link #ioSegment} as the only segment of a transfer; the array is not changed. */
  public MemorySegment[] ioSegmentAlone(int i) {
    return isFilled(i) ? chunks[i].segmentAlone() : new MemorySegment[] {ioSegment(i)};
  }

  private boolean isFilled(int i) {
    return ioBytes(i) == chunks[i].capacityBytes();
  }

  private int ioBytes(int i) {
    return (chunkLength(i) + 4095) & ~4095;
  }

  /** Zeroes the padding of the last chunk, so that no other value's bytes reach the device. */
  public void clearPadding() {
    if (chunks.length > 0) {
      int last = chunks.length - 1;
      ioSegment(last).asSlice(chunkLength(last)).fill((byte) 0);
    }
  }

  /**
   * Sets the exact length of a value that was allocated by its length rounded up to 4 KiB; only by
   * the filling thread, before it is shared.
   *
   * @return false, and nothing changes, if the length does not round up to the present one
   */
  public boolean trim(int exactLength) {
    if (exactLength < 0 || (exactLength + 4095L & ~4095L) != (length + 4095L & ~4095L)) {
      return false;
    }
    length = exactLength;
    return true;
  }

  /** The CRC32C kept for chunk {@code i}. */
  public int crc(int i) {
    return crcs[i];
  }

  /**
   * The CRC32C of every chunk: the array itself, which does not change once the value is shared.
   */
  public int[] crcs() {
    return crcs;
  }

  public void setCrc(int i, int crc) {
    crcs[i] = crc;
  }

  /** The CRC32C of chunk {@code i} as its bytes are now. */
  public int computeCrc(int i) {
    return chunks[i].crc(chunkLength(i));
  }

  /** Marks all chunks as not yet readable; only by the filling thread, before it is shared. */
  public void beginArrival() {
    arrivedChunks = 0;
  }

  /** Marks the first {@code count} chunks as readable: they and their checksums are final. */
  public void arrived(int count) {
    List<Watcher> due;
    synchronized (this) {
      arrivedChunks = count;
      due = takeDue();
    }
    callBack(due);
  }

  /** Marks the payload as broken: no more chunks arrive. */
  public void breakOff() {
    List<Watcher> due;
    synchronized (this) {
      broken = true;
      due = takeDue();
    }
    callBack(due);
  }

  /** The number of readable chunks, from the first on: all, unless they are still arriving. */
  public int arrivedChunks() {
    return arrivedChunks;
  }

  /** Whether the chunks that have not arrived never will arrive. */
  public boolean isBroken() {
    return broken;
  }

  /**
   * Registers a callback, which runs once, on any thread, when that many chunks have arrived or
   * never will.
   *
   * @return false if that is so already; the callback will not run
   */
  public synchronized boolean watch(int count, Runnable callback) {
    if (arrivedChunks >= count || broken) {
      return false;
    }
    watchers.add(new Watcher(count, callback));
    return true;
  }

  private static void callBack(List<Watcher> due) {
    for (int i = 0; i < due.size(); i++) { // no iterator if there is none
      due.get(i).callback.run();
    }
  }

  private synchronized List<Watcher> takeDue() {
    if (watchers.isEmpty()) {
      return List.of();
    }
    List<Watcher> due =
        watchers.stream().filter(watcher -> broken || watcher.chunks <= arrivedChunks).toList();
    watchers.removeAll(due);
    return due;
  }

  /** The pool's bytes this payload occupies, rounding included. */
  public long occupiedBytes() {
    long sum = 0;
    for (MemoryPool.Chunk chunk : chunks) {
      sum += chunk.capacityBytes();
    }
    return sum;
  }

  /** Retains the payload unless its count is zero already, which is a miss for the caller. */
  public boolean tryRetain() {
    for (; ; ) {
      int count = references;
      if (count == 0) {
        return false;
      }
      if (REFERENCES.compareAndSet(this, count, count + 1)) {
        return true;
      }
    }
  }

  /**
   * Retains the payload; the caller has a reference already.
   *
   * @throws IllegalStateException if the payload is dead: a programming error
   */
  public Payload retain() {
    if (!tryRetain()) {
      throw new IllegalStateException("a payload without references was retained");
    }
    return this;
  }

  /**
   * Releases a reference; the last one frees the chunks.
   *
   * @throws IllegalStateException if there is none left: a programming error
   */
  public void release() {
    int left = REFERENCES.decrementAndGet(this);
    if (left == 0) {
      pool.free(chunks);
    } else if (left < 0) {
      throw new IllegalStateException("a payload was released more often than retained");
    }
  }
}
