package io.larder.node.server.reply;

import io.larder.node.block.Block;
import io.larder.node.block.Payload;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.wire.MinimumRate;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.node.service.Found;
import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Writes one block to a connection, a bounded piece each turn, from the chunks where it lies, each
 * as soon as it has arrived. Only a small block is copied: copying it costs less than a write of
 * its own.
 *
 * <p>Of a block whose rest cannot be read no further byte is sent: a framed reply ends in an error
 * and nulls; a plain one cannot be shortened, and its connection is closed.
 */
final class BlockSender {
  /** The bytes a connection writes of a block before the others of its loop have their turn. */
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

  /** Returns whether the block is complete; if not, the sink wakes for the next turn. */
  boolean writeTurn(ReplySink sink) {
    if (!begun) {
      begun = true;
      writeHeader(found, chunked, sink.buffer());
    }
    if (!sink.hasRoom()) {
      return false;
    }
    int left = TURN_BYTES;
    while (left > 0 && chunk < payload.chunkCount()) {
      if (chunk < payload.arrivedChunks()) {
        left -= writePiece(sink, left);
      } else if (payload.isBroken()) {
        return breakOff(sink);
      } else {
        sink.flush();
        if (sink.wakeWhenArrived(payload, chunk + 1)) {
          return false;
        }
      }
    }
    if (chunk == payload.chunkCount()) {
      if (!chunked) {
        ReplyEncoder.writeEnd(sink.buffer());
      }
      payload.release();
      return true;
    }
    sink.flush();
    if (sink.hasRoom()) {
      sink.wakeNextTurn();
    }
    return false;
  }

  private int writePiece(ReplySink sink, int most) {
    int length = payload.chunkLength(chunk);
    if (chunked && offset == 0) {
      ReplyEncoder.writeNumber(sink.buffer(), '$', length);
    }
    int piece = Math.min(most, length - offset);
    sink.write(payload, chunk, offset, piece);
    writtenBytes += piece;
    offset += piece;
    if (offset == length) {
      offset = 0;
      chunk++;
      if (chunked) {
        ReplyEncoder.writeEnd(sink.buffer());
      }
    }
    return piece;
  }

  private boolean breakOff(ReplySink sink) {
    sink.reject(Rejection.BROKEN_BLOCK);
    if (!chunked) {
      sink.closeNow();
      return false;
    }
    Reply error = Reply.error("MISS the rest of the value cannot be read");
    ReplyEncoder.write(sink.buffer(), error, sink.isResp3());
    while (++chunk < payload.chunkCount()) {
      ReplyEncoder.writeNull(sink.buffer(), sink.isResp3());
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

  boolean isSlow(long nowNanos, MinimumRate rate) {
    if (chunk == payload.arrivedChunks()) {
      return false; // the device is slow, not the reader
    }
    return rate.isMissed(writtenBytes, nowNanos - startNanos);
  }

  /** Releases the block; pieces that Netty has not sent yet hold references of their own. */
  void close() {
    payload.release();
  }
}
