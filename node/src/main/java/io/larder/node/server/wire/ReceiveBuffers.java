package io.larder.node.server.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where one channel's next bytes go: into the inbox, from which requests are decoded, or, while a
 * payload arrives, straight into the payload's chunk.
 *
 * <p>The state is here and not in the handle: {@code EpollChannelConfig} makes a handle of its own
 * as a type check and throws it away. Both buffers stay owned by this object; Netty gets a
 * reference per read, so what a read in flight still needs outlives a close. Belongs to one event
 * loop.
 */
public final class ReceiveBuffers extends DefaultMaxMessagesRecvByteBufAllocator {
  /** The inbox of a connection that is active, in bytes. */
  public static final int INBOX_BYTES = 32 << 10;

  /** After this much a channel lets the others of its loop read. */
  private static final int TURN_BYTES = 1 << 20;

  /**
   * Not Netty's pool, which hands out buffers of several classes: an inbox is read byte by byte,
   * and one class is what the compiler makes the fastest code for.
   */
  private static final ByteBufAllocator INBOXES = new UnpooledByteBufAllocator(true, true);

  private final boolean direct;
  private @Nullable ByteBuf inbox;
  private @Nullable ByteBuf target;
  private long receivedBytes;

  /**
   * Empty.
   *
   * @param direct whether the socket writes here; under TLS it does not, and everything comes by
   *     way of the inbox
   */
  public ReceiveBuffers(boolean direct) {
    super(16);
    this.direct = direct;
  }

  /** Whether the socket can be pointed at a payload. */
  public boolean isDirect() {
    return direct;
  }

  /** Takes what did not come from the socket itself. */
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

  /** Receives into {@code buffer}, whose reference is taken over, until it is full or changed. */
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

  /** What was received and not decoded yet. */
  public ByteBuf inbox() {
    if (inbox == null) {
      inbox = INBOXES.directBuffer(INBOX_BYTES);
    }
    return inbox;
  }

  /** Whether something was received and not decoded yet. */
  public boolean hasUndecoded() {
    return inbox != null && inbox.isReadable();
  }

  /** Whether the inbox can take more; a channel whose inbox is full is not read. */
  public boolean hasRoom() {
    return inbox == null || inbox.readableBytes() < INBOX_BYTES;
  }

  /** The bytes received since this was last asked. */
  public long takeReceivedBytes() {
    long taken = receivedBytes;
    receivedBytes = 0;
    return taken;
  }

  /** Gives an empty inbox back, if no read in flight uses it. */
  public void trim() {
    if (inbox != null && !inbox.isReadable() && inbox.refCnt() == 1) {
      inbox.release();
      inbox = null;
    }
  }

  /** Gives everything back; reads in flight keep what they need. */
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
      // The transport reads once more when the peer closes, paused or not, and takes "nothing
      // received" into a full buffer for the end of the stream.
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
