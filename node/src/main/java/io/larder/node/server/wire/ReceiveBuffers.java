package io.larder.node.server.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that receive one channel's bytes: the inbox, from which requests are decoded, or,
 * while a payload arrives, the payload's chunk itself.
 *
 * <p>The state is here and not in the handle, since {@code EpollChannelConfig} makes a handle for a
 * type check and drops it. This object owns both buffers; Netty gets a reference per read, so a
 * buffer outlives a close while a read is in flight. Belongs to one event loop.
 */
public final class ReceiveBuffers extends DefaultMaxMessagesRecvByteBufAllocator {
  /** The inbox of a connection that is active, in bytes. */
  public static final int INBOX_BYTES = 32 << 10;

  /** The bytes a channel receives before the other channels of its loop have their turn. */
  private static final int TURN_BYTES = 1 << 20;

  /**
   * Not Netty's pool, whose buffers are of several classes: an inbox is read byte by byte, and the
   * compiler makes the fastest code for a single class.
   */
  private static final ByteBufAllocator INBOXES = new UnpooledByteBufAllocator(true, true);

  private final boolean direct;
  private @Nullable ByteBuf inbox;
  private @Nullable ByteBuf target;
  private long receivedBytes;

  /**
   * Makes empty ones.
   *
   * @param direct whether the socket can write into a payload; under TLS all bytes take the way
   *     through the inbox
   */
  public ReceiveBuffers(boolean direct) {
    super(16);
    this.direct = direct;
  }

  /** Whether the socket can be pointed at a payload. */
  public boolean isDirect() {
    return direct;
  }

  /** Adds bytes that were received into another buffer. */
  public void append(ByteBuf bytes) {
    ByteBuf to = inbox();
    if (to.isReadable()) {
      to.discardSomeReadBytes();
    } else {
      to.clear();
    }
    receivedBytes += bytes.readableBytes();
    to.writeBytes(bytes);
  }

  /** Receives into {@code buffer} until it is full or replaced; takes over its reference. */
  public void receiveInto(ByteBuf buffer) {
    receiveIntoInbox();
    target = buffer;
  }

  public void receiveIntoInbox() {
    if (target != null) {
      target.release();
      target = null;
    }
  }

  /** The payload buffer that receives, if one does. */
  public @Nullable ByteBuf target() {
    return target;
  }

  /** The bytes received and not decoded yet. */
  public ByteBuf inbox() {
    if (inbox == null) {
      inbox = INBOXES.directBuffer(INBOX_BYTES);
    }
    return inbox;
  }

  /** Whether received bytes are not decoded yet. */
  public boolean hasUndecoded() {
    return inbox != null && inbox.isReadable();
  }

  /** Whether the inbox can take more; a channel whose inbox is full is not read. */
  public boolean hasRoom() {
    return inbox == null || inbox.readableBytes() < INBOX_BYTES;
  }

  /** Returns how many bytes were received since the last call. */
  public long takeReceivedBytes() {
    long taken = receivedBytes;
    receivedBytes = 0;
    return taken;
  }

  /** Releases an empty inbox, if no read in flight uses it. */
  public void trim() {
    if (inbox != null && !inbox.isReadable() && inbox.refCnt() == 1) {
      inbox.release();
      inbox = null;
    }
  }

  /** Releases both buffers; reads in flight hold references of their own. */
  public void close() {
    receiveIntoInbox();
    if (inbox != null) {
      inbox.release();
      inbox = null;
    }
  }

  private ByteBuf next() {
    if (target != null) {
      return target.retain();
    }
    ByteBuf buffer = inbox();
    if (!buffer.isReadable()) {
      buffer.clear();
    } else if (buffer.writableBytes() < INBOX_BYTES / 4) {
      buffer.discardReadBytes();
    }
    if (!buffer.isWritable()) {
      // When the peer closes, the transport reads once more, even while paused, and mistakes a full
      // buffer for the end of the stream.
      buffer.ensureWritable(INBOX_BYTES / 4);
    }
    return buffer.retain();
  }

  @Override
  @SuppressWarnings("deprecation") // Netty's own interface
  public Handle newHandle() {
    return new MaxMessageHandle() {
      @Override
      public ByteBuf allocate(ByteBufAllocator allocator) {
        return next();
      }

      @Override
      public void lastBytesRead(int bytes) {
        super.lastBytesRead(bytes);
        receivedBytes += Math.max(bytes, 0);
      }

      @Override
      public int guess() {
        return INBOX_BYTES;
      }

      @Override
      public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
        return totalBytesRead() < TURN_BYTES && super.continueReading(maybeMore);
      }
    };
  }
}
