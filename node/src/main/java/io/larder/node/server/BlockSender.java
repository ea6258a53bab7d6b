package io.larder.node.server;

import io.larder.node.block.Block;
import io.larder.node.block.Payload;
import io.larder.node.server.ServerMetrics.Rejection;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.node.service.Found;
import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Writes one block to a connection, a bounded piece each turn, from the chunks where it lies, each
 * as soon as it has arrived. Only a small block is copied: its bytes cost less than a write of
 * their own.
 *
 * <p>Of a block that breaks off in mid-value no byte more is sent: a framed reply ends in an error
 * and nulls, and the connection of a plain one is closed, since its length was promised.
 */
final class BlockSender {
  /** What a connection writes of a block before the others of its loop have their turn. */
  private static final int TURN_BYTES = 256 << 10;

  private static final int COPIED_BYTES = 16 << 10;

  private final Found found;
  private final Payload payload;
  private final boolean chunked;
  private final long startNanos = System.nanoTime();

  private boolean begun;
  private int chunk;
  private int offset;
  private long writtenBytes;

  /** Takes over the block's reference. */
  BlockSender(Found found, boolean chunked) {
    this.found = found;
    this.payload = found.block().payload();
    this.chunked = chunked;
  }

  /** Whether a block costs less to copy than to send from where it lies. */
  static boolean isSmall(Found found) {
    return found.block().payload().length() <= COPIED_BYTES;
  }

  /** Writes a small block; takes over its reference. */
  static void writeWhole(Found found, boolean chunked, ByteBuf out) {
    Payload payload = found.block().payload();
    writeHeader(found, chunked, out);
    for (int i = 0; i < payload.chunkCount(); i++) {
      int length = payload.chunkLength(i);
      if (chunked) {
        ReplyEncoder.writeNumber(out, '$', length);
      }
      out.ensureWritable(length);
      payload.copyChunk(i, out.internalNioBuffer(out.writerIndex(), length));
      out.writerIndex(out.writerIndex() + length);
      if (chunked) {
        ReplyEncoder.writeEnd(out);
      }
    }
    if (!chunked) {
      ReplyEncoder.writeEnd(out);
    }
    payload.release();
  }

  /** Returns whether the block is complete; if not, the queue is woken for the next turn. */
  boolean writeTurn(ReplyQueue queue) {
    if (!begun) {
      begun = true;
      writeHeader(found, chunked, queue.buffer());
    }
    if (!queue.hasRoom()) {
      return false;
    }
    int left = TURN_BYTES;
    while (left > 0 && chunk < payload.chunkCount()) {
      if (chunk < payload.arrivedChunks()) {
        left -= writePiece(queue, left);
      } else if (payload.isBroken()) {
        return breakOff(queue);
      } else {
        queue.flush();
        if (queue.wakeWhenArrived(payload, chunk + 1)) {
          return false;
        }
      }
    }
    if (chunk == payload.chunkCount()) {
      if (!chunked) {
        ReplyEncoder.writeEnd(queue.buffer());
      }
      payload.release();
      return true;
    }
    queue.flush();
    if (queue.hasRoom()) {
      queue.wakeNextTurn();
    }
    return false;
  }

  private int writePiece(ReplyQueue queue, int most) {
    int length = payload.chunkLength(chunk);
    if (chunked && offset == 0) {
      ReplyEncoder.writeNumber(queue.buffer(), '$', length);
    }
    int piece = Math.min(most, length - offset);
    queue.write(queue.payloadBufs().toSend(payload, chunk, offset, piece));
    writtenBytes += piece;
    offset += piece;
    if (offset == length) {
      offset = 0;
      chunk++;
      if (chunked) {
        ReplyEncoder.writeEnd(queue.buffer());
      }
    }
    return piece;
  }

  private boolean breakOff(ReplyQueue queue) {
    queue.metrics().reject(Rejection.BROKEN_BLOCK);
    if (!chunked) {
      queue.closeNow();
      return false;
    }
    Reply error = Reply.error("MISS the rest of the value cannot be read");
    ReplyEncoder.write(queue.buffer(), error, queue.session().resp3);
    while (++chunk < payload.chunkCount()) {
      ReplyEncoder.writeNull(queue.buffer(), queue.session().resp3);
    }
    payload.release();
    return true;
  }

  private static void writeHeader(Found found, boolean chunked, ByteBuf out) {
    Block block = found.block();
    Payload payload = block.payload();
    if (!chunked) {
      ReplyEncoder.writeNumber(out, '$', payload.length());
      return;
    }
    ReplyEncoder.writeNumber(out, '*', 5 + payload.chunkCount());
    ReplyEncoder.writeBulk(out, block.id().toString().getBytes(StandardCharsets.US_ASCII));
    ReplyEncoder.writeBulk(out, block.metadata());
    ReplyEncoder.writeNumber(out, '$', 4L * payload.chunkCount());
    for (int i = 0; i < payload.chunkCount(); i++) {
      out.writeInt(payload.crc(i));
    }
    ReplyEncoder.writeEnd(out);
    out.writeByte('+').writeCharSequence(found.tier().name(), StandardCharsets.US_ASCII);
    ReplyEncoder.writeEnd(out);
    ReplyEncoder.writeNumber(out, ':', payload.length());
  }

  boolean isSlow(long nowNanos, ServerConfig config) {
    if (chunk == payload.arrivedChunks()) {
      return false; // it is the device that is waited for
    }
    long elapsedMs = (nowNanos - startNanos) / 1_000_000 - config.patience().progressGraceMs();
    return writtenBytes * 1000 < elapsedMs * config.patience().minBytesPerSecond();
  }

  /** Gives the block back; what Netty still holds of it keeps a reference of its own. */
  void close() {
    payload.release();
  }
}
