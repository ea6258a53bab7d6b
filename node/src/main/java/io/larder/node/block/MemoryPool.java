package io.larder.node.block;

import io.larder.protocol.Limits;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongPredicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The one pool of payload memory, shared by network, device and hot tier; its size bounds them all
 * together.
 *
 * <p>A buddy allocator (Knowlton, 1965) over 1 MiB blocks, the smallest piece 4 KiB, on anonymous
 * memory advised onto huge pages: with 4 KiB pages the kernel passes half of all 1 MiB direct reads
 * to its worker threads. A payload is allocated whole or not at all, so two half-served requests
 * can never wait for each other. Requests that do not fit wait, first come first served, for memory
 * that is given back or that the evictor frees. Puts leave a floor for reads.
 *
 * <p>Thread-safe. The lock is held for list operations only, never while a waiter is called back.
 */
public final class MemoryPool implements AutoCloseable {
  private static final int MIN_SHIFT = 12;
  private static final int ORDERS = 9; // 4 KiB << 0 … 4 KiB << 8 = 1 MiB

  /** The purpose of a payload; puts cannot take the floor reserved for reads. */
  public enum Purpose {
    READ,
    PUT
  }

  /** A piece of the pool: 4 KiB × 2^order, aligned to its size. */
  static final class Chunk {
    private final int unit;
    private final int order;
    private final MemorySegment segment;
    private final MemorySegment[] segmentAlone;
    private final ByteBuffer buffer;
    private @Nullable ByteBuffer summed; // guarded by this

    private Chunk(int unit, int order, MemorySegment segment) {
      this.unit = unit;
      this.order = order;
      this.segment = segment;
      this.segmentAlone = new MemorySegment[] {segment};
      this.buffer = segment.asByteBuffer();
    }

    MemorySegment segment() {
      return segment;
    }

    /** The segment as the only one of a transfer; the array is not changed. */
    MemorySegment[] segmentAlone() {
      return segmentAlone;
    }

    ByteBuffer buffer() {
      return buffer;
    }

    /** The CRC32C of the first so many bytes. */
    synchronized int crc(int bytes) {
      ByteBuffer all = summed;
      if (all == null) {
        all = buffer.duplicate();
        summed = all;
      }
      CRC32C crc = new CRC32C();
      crc.update(all.limit(bytes).position(0));
      return (int) crc.getValue();
    }

    int capacityBytes() {
      return 1 << (MIN_SHIFT + order);
    }

    /** Its index among the pool's pieces of its size. */
    int number() {
      return unit >> order;
    }
  }

  private record Waiter(int length, Purpose purpose, CompletableFuture<Payload> granted) {}

  private final long capacityBytes;
  private final long readFloorBytes;
  private final HugeMemory memory;

  // All below are guarded by `this`.
  // Free pieces of an order are a list through next and previous, by first unit; -1 ends it.
  // freeOrder[unit] is a free piece's order, or -1.
  private final int[] head = new int[ORDERS];
  private final int[] next;
  private final int[] previous;
  private final byte[] freeOrder;
  // The largest pieces, created once: a large value has many.
  private final @Nullable Chunk[] largest;
  private final ArrayDeque<Waiter> waitingReads = new ArrayDeque<>();
  private final ArrayDeque<Waiter> waitingPuts = new ArrayDeque<>();
  private long freeBytes;
  private LongPredicate evictor = bytes -> false;
  private boolean closed;

  /**
   * Maps the pool's memory; pages are touched when they are used, or by {@link #prefault()}.
   *
   * @param capacityBytes rounded up to 2 MiB
   * @param readFloorBytes bytes that puts leave free for reads; less than the capacity
   * @throws IllegalArgumentException if the sizes do not make sense
   * @throws OutOfMemoryError if the system refuses the mapping
   */
  public MemoryPool(long capacityBytes, long readFloorBytes) {
    if (capacityBytes <= 0 || readFloorBytes < 0 || readFloorBytes >= capacityBytes) {
      throw new IllegalArgumentException(
          "memory pool of " + capacityBytes + " bytes with a read floor of " + readFloorBytes);
    }
    this.capacityBytes = (capacityBytes + HugeMemory.PAGE_BYTES - 1) & -HugeMemory.PAGE_BYTES;
    this.readFloorBytes = readFloorBytes;
    this.memory = new HugeMemory(this.capacityBytes);

    int units = Math.toIntExact(this.capacityBytes >> MIN_SHIFT);
    Arrays.fill(head, -1);
    this.next = new int[units];
    this.previous = new int[units];
    this.freeOrder = new byte[units];
    Arrays.fill(freeOrder, (byte) -1);
    int top = ORDERS - 1;
    this.largest = new @Nullable Chunk[units >> top];
    for (int unit = 0; unit < units; unit += 1 << top) {
      pushFree(unit, top);
    }
    this.freeBytes = this.capacityBytes;
  }

  /**
   * Installs the evictor that is called when the pool is full: it frees unreferenced hot entries of
   * about that many bytes and returns whether it freed any. Called without the lock.
   */
  public void setEvictor(LongPredicate evictor) {
    synchronized (this) {
      this.evictor = evictor;
    }
  }

  /**
   * Makes the pool's pages present in the background, as far as memory allows, until all are or the
   * pool is closed.
   */
  public void prefault() {
    Thread.ofPlatform()
        .daemon()
        .name("larder-prefault")
        .start(Prefault.ofProcess(memory, this::isClosed));
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /**
   * Allocates a payload of {@code length} bytes, its content undefined, at once or when memory is
   * available. Cancelling the future leaves the queue.
   *
   * @throws IllegalArgumentException if it can never be granted
   * @throws IllegalStateException if the pool is closed
   */
  public CompletableFuture<Payload> allocate(int length, Purpose purpose) {
    if (length < 0 || pieceBytes(length) > capacityBytes - floor(purpose)) {
      throw new IllegalArgumentException(
          "a payload of " + length + " bytes never fits into a pool of " + capacityBytes);
    }
    Waiter waiter;
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("the memory pool is closed");
      }
      ArrayDeque<Waiter> queue = queue(purpose);
      if (queue.isEmpty()) {
        Payload payload = tryTake(length, purpose);
        if (payload != null) {
          return CompletableFuture.completedFuture(payload);
        }
      }
      waiter = new Waiter(length, purpose, new CompletableFuture<>());
      queue.add(waiter);
    }
    serveWaiters();
    return waiter.granted();
  }

  /** Allocates now or returns null: for optional use, such as keeping a copy. */
  public synchronized @Nullable Payload tryAllocate(int length, Purpose purpose) {
    return !closed && queue(purpose).isEmpty() ? tryTake(length, purpose) : null;
  }

  /** Bytes of the whole pool. */
  public long capacityBytes() {
    return capacityBytes;
  }

  /** Bytes in use, rounding included. */
  public synchronized long usedBytes() {
    return capacityBytes - freeBytes;
  }

  /** Requests that wait for memory. */
  public synchronized int waiting() {
    waitingReads.removeIf(waiter -> waiter.granted().isDone()); // cancelled
    waitingPuts.removeIf(waiter -> waiter.granted().isDone());
    return waitingReads.size() + waitingPuts.size();
  }

  void free(Chunk[] chunks) {
    synchronized (this) {
      for (Chunk chunk : chunks) {
        giveBack(chunk.unit, chunk.order);
      }
      unmapIfUnused();
    }
    serveWaiters();
  }

  /**
   * Refuses later requests and cancels those that wait. The memory is unmapped when the last
   * payload is released, at once if there is none: a device or a socket may still use one.
   * Idempotent.
   */
  @Override
  public void close() {
    List<Waiter> waiting = new ArrayList<>();
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      waiting.addAll(waitingReads);
      waiting.addAll(waitingPuts);
      waitingReads.clear();
      waitingPuts.clear();
      unmapIfUnused();
    }
    for (Waiter waiter : waiting) {
      waiter.granted().cancel(false);
    }
  }

  private void unmapIfUnused() {
    if (closed && freeBytes == capacityBytes) {
      memory.unmap();
    }
  }

  /** Serves queue heads while memory lasts, then calls the evictor. */
  private void serveWaiters() {
    for (; ; ) {
      List<Waiter> served = new ArrayList<>();
      List<Payload> payloads = new ArrayList<>();
      long missingBytes;
      LongPredicate evict;
      synchronized (this) {
        missingBytes =
            Math.max(serve(waitingReads, served, payloads), serve(waitingPuts, served, payloads));
        evict = evictor;
      }
      for (int i = 0; i < served.size(); i++) {
        if (!served.get(i).granted().complete(payloads.get(i))) {
          payloads.get(i).release(); // cancelled meanwhile
        }
      }
      if (missingBytes == 0 || !evict.test(missingBytes)) {
        return;
      }
    }
  }

  /** Serves from the head; returns the bytes the new head lacks, 0 if the queue is empty. */
  private long serve(ArrayDeque<Waiter> queue, List<Waiter> served, List<Payload> payloads) {
    for (; ; ) {
      Waiter first = queue.peek();
      if (first == null) {
        return 0;
      }
      if (!first.granted().isDone()) {
        Payload payload = tryTake(first.length(), first.purpose());
        if (payload == null) {
          return pieceBytes(first.length());
        }
        served.add(first);
        payloads.add(payload);
      }
      queue.remove();
    }
  }

  private @Nullable Payload tryTake(int length, Purpose purpose) {
    if (freeBytes - pieceBytes(length) < floor(purpose)) {
      return null;
    }
    Chunk[] chunks = new Chunk[Limits.chunks(length)];
    for (int i = 0; i < chunks.length; i++) {
      int order = orderFor(Math.min(Limits.CHUNK_BYTES, length - i * Limits.CHUNK_BYTES));
      int unit = takeUnit(order);
      if (unit < 0) { // enough bytes, but in pieces too small
        while (--i >= 0) {
          giveBack(chunks[i].unit, chunks[i].order);
        }
        return null;
      }
      chunks[i] = chunk(unit, order);
    }
    return new Payload(this, chunks, length);
  }

  private Chunk chunk(int unit, int order) {
    boolean isLargest = order == ORDERS - 1;
    Chunk known = isLargest ? largest[unit >> order] : null;
    if (known != null) {
      return known;
    }
    long offset = (long) unit << MIN_SHIFT;
    Chunk made =
        new Chunk(unit, order, memory.segment().asSlice(offset, 1L << (MIN_SHIFT + order)));
    if (isLargest) {
      largest[unit >> order] = made;
    }
    return made;
  }

  private int takeUnit(int order) {
    for (int from = order; from < ORDERS; from++) {
      int unit = head[from];
      if (unit < 0) {
        continue;
      }
      unlink(unit, from);
      while (from > order) { // split: keep the lower half, free the upper
        from--;
        pushFree(unit + (1 << from), from);
      }
      freeBytes -= 1L << (MIN_SHIFT + order);
      return unit;
    }
    return -1;
  }

  private void giveBack(int freed, int freedOrder) {
    int unit = freed;
    int order = freedOrder;
    freeBytes += 1L << (MIN_SHIFT + order);
    while (order < ORDERS - 1) {
      int buddy = unit ^ (1 << order);
      if (freeOrder[buddy] != order) {
        break;
      }
      unlink(buddy, order);
      unit = Math.min(unit, buddy);
      order++;
    }
    pushFree(unit, order);
  }

  private void pushFree(int unit, int order) {
    freeOrder[unit] = (byte) order;
    previous[unit] = -1;
    next[unit] = head[order];
    if (head[order] >= 0) {
      previous[head[order]] = unit;
    }
    head[order] = unit;
  }

  private void unlink(int unit, int order) {
    freeOrder[unit] = -1;
    if (previous[unit] >= 0) {
      next[previous[unit]] = next[unit];
    } else {
      head[order] = next[unit];
    }
    if (next[unit] >= 0) {
      previous[next[unit]] = previous[unit];
    }
  }

  private ArrayDeque<Waiter> queue(Purpose purpose) {
    return purpose == Purpose.READ ? waitingReads : waitingPuts;
  }

  private long floor(Purpose purpose) {
    return purpose == Purpose.READ ? 0 : readFloorBytes;
  }

  /** The bytes of a pool that a payload of that length occupies, rounding included. */
  public static long pieceBytes(int length) {
    int tail = length % Limits.CHUNK_BYTES;
    return (long) length - tail + (tail == 0 ? 0 : 1L << (MIN_SHIFT + orderFor(tail)));
  }

  private static int orderFor(int bytes) {
    int units = (bytes + (1 << MIN_SHIFT) - 1) >> MIN_SHIFT;
    return 32 - Integer.numberOfLeadingZeros(units - 1);
  }
}
