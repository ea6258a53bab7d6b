package io.larder.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Says where a connection's next bytes go: into a block's own buffer while one is being received,
 * else into a small buffer. One for each connection, touched by its event loop only.
 *
 * <p>The target is kept here and not on the handle, since a channel's configuration may ask for a
 * handle just to look at its type.
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
