package io.larder.node.server.wire;

import io.larder.node.block.Payload;
import io.larder.protocol.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledUnsafeDirectByteBuf;
import io.netty.util.internal.PlatformDependent;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of payloads as Netty's buffers. Each holds a reference to its payload until Netty has
 * released it, so the memory stays while the socket or the kernel uses it, even after the channel
 * has closed.
 *
 * <p>A whole chunk keeps its address as long as its pool lives, so buffers over it are reused: a
 * large value makes no more garbage than a small one. Thread-safe.
 */
public final class PayloadBufs {
  /** Idle buffers, in a linked list for each chunk of the pool. */
  private final AtomicReferenceArray<@Nullable Whole> idle;

  /**
   * Makes an empty one.
   *
   * @param poolBytes capacity of the pool that the payloads come from
   */
  public PayloadBufs(long poolBytes) {
    idle = new AtomicReferenceArray<>(Math.toIntExact(poolBytes / Limits.CHUNK_BYTES));
  }

  /** {@code length} bytes of a chunk from {@code offset} on, readable. */
  public ByteBuf toSend(Payload payload, int chunk, int offset, int length) {
    return take(payload, chunk).setIndex(offset, offset + length);
  }

  /** The chunk's space from {@code offset} on, writable. */
  public ByteBuf toReceive(Payload payload, int chunk, int offset) {
    return take(payload, chunk).setIndex(offset, offset);
  }

  private ByteBuf take(Payload payload, int chunk) {
    payload.retain();
    if (!PlatformDependent.hasUnsafe()) {
      return new Plain(payload, chunk);
    }
    int number = payload.wholeChunk(chunk);
    if (number < 0) {
      return new Addressed(payload, chunk);
    }
    Whole first = idle.getAndSet(number, null);
    if (first == null) {
      return new Whole(this, number, payload, chunk);
    }
    Whole rest = first.next;
    first.next = null;
    if (rest != null) {
      // If others have come back meanwhile, the rest becomes garbage: slower, but correct.
      boolean _ = idle.compareAndSet(number, null, rest);
    }
    return first.use(payload);
  }

  private void give(Whole used) {
    Whole first;
    do {
      first = idle.get(used.number);
      used.next = first;
    } while (!idle.compareAndSet(used.number, first, used));
  }

  private static final class Plain extends UnpooledDirectByteBuf {
    private final Payload payload;

    Plain(Payload payload, int chunk) {
      super(UnpooledByteBufAllocator.DEFAULT, payload.chunk(chunk), payload.chunkLength(chunk));
      this.payload = payload;
    }

    @Override
    protected void deallocate() {
      super.deallocate();
      payload.release();
    }
  }

  /** Knows its address, which saves the native transports a JNI call a buffer. */
  private static final class Addressed extends UnpooledUnsafeDirectByteBuf {
    private final Payload payload;

    Addressed(Payload payload, int chunk) {
      super(UnpooledByteBufAllocator.DEFAULT, payload.chunk(chunk), payload.chunkLength(chunk));
      this.payload = payload;
    }

    @Override
    protected void deallocate() {
      super.deallocate();
      payload.release();
    }
  }

  /** Over a whole chunk, which belongs to one payload after the other. */
  private static final class Whole extends UnpooledUnsafeDirectByteBuf {
    private final PayloadBufs home;
    private final int number;
    private @Nullable Payload payload;
    private @Nullable Whole next;

    Whole(PayloadBufs home, int number, Payload payload, int chunk) {
      super(UnpooledByteBufAllocator.DEFAULT, payload.chunk(chunk), Limits.CHUNK_BYTES);
      this.home = home;
      this.number = number;
      this.payload = payload;
    }

    Whole use(Payload by) {
      payload = by;
      resetRefCnt();
      return this;
    }

    @Override
    protected void deallocate() {
      Payload used = Objects.requireNonNull(payload);
      payload = null;
      home.give(this);
      used.release();
    }
  }
}
