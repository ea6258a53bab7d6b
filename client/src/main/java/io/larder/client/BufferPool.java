package io.larder.client;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/**
 * Direct buffers kept for reuse, up to a number of bytes: fresh direct memory is zeroed by the JDK
 * and paged in by the kernel, which costs more than receiving a block into it. Thread-safe.
 */
final class BufferPool {
  private static final int GRAIN_BYTES = 64 << 10;

  private final long maxBytes;
  private final TreeMap<Integer, ArrayDeque<ByteBuffer>> free = new TreeMap<>();
  private long freeBytes;

  BufferPool(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Takes a buffer of at least this capacity. */
  ByteBuffer take(int bytes) {
    int rounded = (int) Math.min(Integer.MAX_VALUE, (bytes + GRAIN_BYTES - 1L) & -GRAIN_BYTES);
    synchronized (this) {
      Map.Entry<Integer, ArrayDeque<ByteBuffer>> fits = free.ceilingEntry(rounded);
      if (fits != null && fits.getKey() <= 2L * rounded) {
        ByteBuffer buffer = fits.getValue().pop();
        if (fits.getValue().isEmpty()) {
          free.remove(fits.getKey());
        }
        freeBytes -= buffer.capacity();
        return buffer;
      }
    }
    return ByteBuffer.allocateDirect(rounded);
  }

  /** Gives a buffer back; beyond the bound it is left to the garbage collector. */
  synchronized void give(ByteBuffer buffer) {
    if (buffer.capacity() == 0 || freeBytes + buffer.capacity() > maxBytes) {
      return;
    }
    freeBytes += buffer.capacity();
    free.computeIfAbsent(buffer.capacity(), capacity -> new ArrayDeque<>()).push(buffer);
  }

  synchronized long freeBytes() {
    return freeBytes;
  }
}
