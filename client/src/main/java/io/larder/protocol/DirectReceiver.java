package io.larder.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the buffer for a connection's next bytes: a block's own buffer while a block is being
 * received, else a small one. One for each connection, used by its event loop only.
 *
 * <p>The target is kept here and not on the handle, because a channel's configuration may request a
 * handle just to check its type.
 */
final class DirectReceiver extends DefaultMaxMessagesRecvByteBufAllocator {
  private static final int READS_PER_TURN = 16;
  private static final int SMALL_REPLY_BYTES = 16 << 10;

  private @Nullable BlockReceiver block;
  private boolean paused;

  DirectReceiver() {
    super(READS_PER_TURN);
  }

  void block(@Nullable BlockReceiver receiver) {
    block = receiver;
  }

  void paused(boolean on) {
    paused = on;
  }

  @Override
  public MaxMessageHandle newHandle() {
    return new MaxMessageHandle() {
      @Override
      public int guess() {
        return block == null ? SMALL_REPLY_BYTES : block.expectedBytes();
      }

      @Override
      public ByteBuf allocate(ByteBufAllocator allocator) {
        ByteBuf target = block == null ? null : block.directTarget();
        return target != null ? target.retain() : allocator.ioBuffer(guess());
      }

      @Override
      public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
        return !paused && super.continueReading(maybeMoreData);
      }
    };
  }
}
