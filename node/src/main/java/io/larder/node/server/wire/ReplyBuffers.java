package io.larder.node.server.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that small replies are gathered in: one an event loop, used by one connection after
 * the other while it is in the processor's cache. While a slow reader holds it, another takes its
 * place. Thread-safe.
 */
public final class ReplyBuffers {
  /** The first size; a buffer grows to the size of the largest batch of replies. */
  private static final int MIN_BYTES = 4 << 10;

  /** A larger one is not kept. */
  private static final int MAX_KEPT_BYTES = 256 << 10;

  /** Its buffers are of one class, as {@link ReceiveBuffers}' inboxes are. */
  private static final ByteBufAllocator BUFFERS = new UnpooledByteBufAllocator(true, true);

  private final FastThreadLocal<@Nullable ByteBuf> ofLoop =
      new FastThreadLocal<>() {
        @Override
        protected void onRemoval(@Nullable ByteBuf buffer) {
          if (buffer != null) {
            buffer.release();
          }
        }
      };

  /** An empty buffer for this thread; the caller owns a reference. */
  public ByteBuf take() {
    ByteBuf kept = ofLoop.get();
    if (kept != null && kept.refCnt() == 1 && kept.capacity() <= MAX_KEPT_BYTES) {
      return kept.clear().retain();
    }
    ByteBuf fresh = BUFFERS.directBuffer(MIN_BYTES);
    ofLoop.set(fresh);
    if (kept != null) {
      kept.release();
    }
    return fresh.retain();
  }
}
