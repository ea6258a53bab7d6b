package io.larder.node.server.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * Where small replies are gathered: one buffer an event loop, used again by one connection after
 * the other while it is in the processor's cache. As long as a slow reader has it, there is another
 * for all that comes meanwhile. Thread-safe.
 */
public final class ReplyBuffers {
  /** To begin with; one that is used again is as large as the largest batch of replies was. */
  private static final int MIN_BYTES = 4 << 10;

  /** One that had to grow beyond this is not kept. */
  private static final int MAX_KEPT_BYTES = 256 << 10;

  /** Of one class, as {@link ReceiveBuffers}' inboxes are. */
  private static final ByteBufAllocator BUFFERS = new UnpooledByteBufAllocator(true, true);

  private static final FastThreadLocal<@Nullable ByteBuf> KEPT =
      new FastThreadLocal<>() {
        @Override
        protected void onRemoval(@Nullable ByteBuf buffer) {
          if (buffer != null) {
            buffer.release();
          }
        }
      };

  private ReplyBuffers() {}

  /** An empty buffer, to be used on this thread; the caller has a reference of its own to it. */
  public static ByteBuf take() {
    ByteBuf kept = KEPT.get();
    if (kept != null && kept.refCnt() == 1 && kept.capacity() <= MAX_KEPT_BYTES) {
      return kept.clear().retain();
    }
    ByteBuf fresh = BUFFERS.directBuffer(MIN_BYTES);
    KEPT.set(fresh);
    if (kept != null) {
      kept.release();
    }
    return fresh.retain();
  }
}
