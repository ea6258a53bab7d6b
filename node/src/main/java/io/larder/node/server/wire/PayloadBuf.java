package io.larder.node.server.wire;

import io.larder.node.block.Payload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledUnsafeDirectByteBuf;
import io.netty.util.internal.PlatformDependent;

/**
 * A chunk of a payload as Netty's buffer. It holds a reference of the payload until Netty has
 * released the buffer, so the memory outlives whatever the socket or the kernel still does with it,
 * a closed channel included.
 */
public final class PayloadBuf {
  private PayloadBuf() {}

  /** The chunk's bytes, readable, to be sent. */
  public static ByteBuf toSend(Payload payload, int chunk) {
    return wrap(payload, chunk);
  }

  /** The chunk's space from {@code offset} on, writable, to receive into. */
  public static ByteBuf toReceive(Payload payload, int chunk, int offset) {
    return wrap(payload, chunk).setIndex(offset, offset);
  }

  private static ByteBuf wrap(Payload payload, int chunk) {
    payload.retain();
    return PlatformDependent.hasUnsafe()
        ? new Addressed(payload, chunk)
        : new Plain(payload, chunk);
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

  /** With its address at hand, which saves the native transports a JNI call a buffer. */
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
}
