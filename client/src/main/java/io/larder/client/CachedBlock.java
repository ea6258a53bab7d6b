package io.larder.client;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A block's bytes, in pooled memory that {@link #close} gives back. A block that is never closed
 * costs a fresh allocation later, nothing else. Thread-safe, but its buffer must not be read after
 * the close.
 */
public final class CachedBlock implements AutoCloseable {
  private final BlockInfo info;
  private final @Nullable BufferPool pool;
  private final AtomicReference<@Nullable ByteBuffer> memory;

  CachedBlock(BlockInfo info, ByteBuffer memory, @Nullable BufferPool pool) {
    this.info = info;
    this.pool = pool;
    this.memory = new AtomicReference<>(memory);
  }

  /**
   * Returns a new read-only view of the bytes, position 0 to {@link BlockInfo#lengthBytes}; direct
   * if the block was read from a node.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public ByteBuffer data() {
    ByteBuffer bytes = memory.get();
    if (bytes == null) {
      throw new IllegalStateException("the block is closed: take what you need before the close");
    }
    return bytes.slice(0, info.lengthBytes()).asReadOnlyBuffer();
  }

  public BlockInfo info() {
    return info;
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public void close() {
    ByteBuffer bytes = memory.getAndSet(null);
    if (bytes != null && pool != null) {
      pool.give(bytes);
    }
  }
}
