package io.larder.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Receives one array of {@code 5 + n} elements, the reply to {@code KV.GET}, into a {@link
 * BlockSink}:
 *
 * <pre>
 *   bulk token · bulk metadata · bulk CRCs (4 bytes each, big endian) · simple tier · int length
 *   n × (bulk chunk | error "MISS reason" | null after an error)
 * </pre>
 *
 * <p>Long stretches of a chunk are received by the socket into the sink's own buffer, {@link
 * #directTarget}; the rest is copied from the buffer that the headers arrive in. Used on the
 * connection's event loop only.
 */
final class BlockReceiver {
  private static final int FIELDS = 5;

  /** Shorter remainders are copied: another system call costs more than the copy. */
  private static final int MIN_DIRECT_BYTES = 64 << 10;

  private enum Phase {
    FIELDS,
    CHUNK_HEADER,
    CHUNK_BODY,
    CHUNK_END
  }

  private final BlockSink sink;
  private final int elements;
  private final ReplyDecoder decoder = new ReplyDecoder();
  private final List<Reply> fields = new ArrayList<>(FIELDS);
  private Phase phase = Phase.FIELDS;
  private @Nullable BlockHeader header;
  private @Nullable CompletableFuture<Void> awaited;
  private @Nullable Throwable failure;
  private boolean missed;
  private int chunk;
  private int chunkLeft;
  private int lineEndLeft;

  /** The rest of the current chunk's target; null while its bytes are discarded. */
  private @Nullable ByteBuf target;

  BlockReceiver(BlockSink sink, int elements) {
    if (elements < FIELDS || elements > FIELDS + Limits.chunks(Limits.MAX_VALUE_BYTES)) {
      throw new RespException("a block's reply has " + elements + " elements: expected 5 to 133");
    }
    this.sink = sink;
    this.elements = elements;
  }

  /** The sink's exception; the reply is read to its end nevertheless. */
  @Nullable Throwable failure() {
    return failure;
  }

  boolean missed() {
    return missed;
  }

  /** The stage that must complete before more is consumed, or null. */
  @Nullable CompletableFuture<Void> awaited() {
    return awaited;
  }

  /** Called when {@link #awaited} is complete. */
  void resume(@Nullable Throwable error) {
    awaited = null;
    if (error != null) {
      failure = error;
    }
  }

  /** The buffer for the socket's next bytes; null for a buffer of the connection's own. */
  @Nullable ByteBuf directTarget() {
    return phase == Phase.CHUNK_BODY
            && target != null
            && target.isDirect()
            && (target.writerIndex() > 0 || chunkLeft >= MIN_DIRECT_BYTES)
        ? target
        : null;
  }

  /** The capacity for a buffer of the connection's own, such that little is copied. */
  int expectedBytes() {
    if (phase == Phase.CHUNK_BODY) {
      return Math.min(chunkLeft + 32, MIN_DIRECT_BYTES);
    }
    return 4 << 10;
  }

  /** Called when the socket has written bytes into {@link #directTarget}. */
  void receivedDirectly() {
    if (target != null) {
      chunkLeft = target.writableBytes();
      received(target.writerIndex());
      endOfBody();
    }
  }

  /** Consumes input; returns true when the reply has been read to its end. */
  boolean consume(ByteBuf in) {
    while (awaited == null) {
      switch (phase) {
        case FIELDS -> {
          if (decoder.decode(in, ReplyDecoder.Stop.NEVER) == ReplyDecoder.Step.MORE) {
            return false;
          }
          fields.add(decoder.reply());
          if (fields.size() == FIELDS) {
            begin();
          }
        }
        case CHUNK_HEADER -> {
          if (chunk == elements - FIELDS) {
            return true;
          }
          switch (decoder.decode(in, ReplyDecoder.Stop.AT_BULK)) {
            case MORE -> {
              return false;
            }
            case REPLY -> noChunk(decoder.reply());
            case HEADER -> openChunk(decoder.headerLength());
          }
        }
        case CHUNK_BODY -> {
          if (!in.isReadable()) {
            return false;
          }
          int count = Math.min(in.readableBytes(), chunkLeft);
          if (target != null) {
            target.writeBytes(in, count);
            received(target.writerIndex());
          } else {
            in.skipBytes(count);
          }
          chunkLeft -= count;
          endOfBody();
        }
        case CHUNK_END -> {
          if (!in.isReadable()) {
            return false;
          }
          ReplyDecoder.expect(in.readByte(), lineEndLeft == 2 ? '\r' : '\n');
          if (--lineEndLeft == 0) {
            chunk++;
            phase = Phase.CHUNK_HEADER;
          }
        }
      }
    }
    return false;
  }

  /** Drops the sink's buffer, into which nothing is written from now on. */
  void abandon() {
    if (target != null) {
      target.release();
      target = null;
    }
    awaited = null;
  }

  private void begin() {
    BlockHeader read = readHeader();
    header = read;
    phase = Phase.CHUNK_HEADER;
    try {
      CompletableFuture<Void> ready = sink.begin(read).toCompletableFuture();
      if (!ready.isDone()) {
        awaited = ready;
      } else if (ready.isCompletedExceptionally()) {
        ready.join();
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  private void openChunk(int length) {
    BlockHeader block = header();
    if (length != block.chunkLength(chunk)) {
      throw new RespException(
          String.format(
              "chunk %d of a block of %d bytes came with %d bytes", chunk, block.length(), length));
    }
    chunkLeft = length;
    lineEndLeft = 2;
    phase = Phase.CHUNK_BODY;
    if (failure != null || missed) {
      return;
    }
    try {
      ByteBuffer place = sink.target(chunk);
      if (place.remaining() < length) {
        throw new IllegalArgumentException(
            String.format(
                "chunk %d needs %d bytes and its target has %d", chunk, length, place.remaining()));
      }
      target = Unpooled.wrappedBuffer(place.slice(place.position(), length)).clear();
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  private void received(int bytes) {
    try {
      sink.received(chunk, bytes);
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  private void endOfBody() {
    if (chunkLeft > 0) {
      return;
    }
    phase = Phase.CHUNK_END;
    if (target != null) {
      target.release();
      target = null;
      try {
        sink.arrived(chunk);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }
  }

  private void noChunk(Reply reply) {
    if (reply instanceof Reply.Failure error && !missed) {
      missed = true;
      if (failure == null) {
        try {
          sink.missed(error.message());
        } catch (RuntimeException | Error e) {
          failure = e;
        }
      }
    } else if (!missed) {
      throw new RespException(
          "a block's reply has something else where chunk " + chunk + " is due");
    }
    chunk++;
  }

  private BlockHeader header() {
    if (header == null) {
      throw new IllegalStateException("a chunk before its block's header");
    }
    return header;
  }

  private BlockHeader readHeader() {
    if (fields.get(0) instanceof Reply.Bulk id
        && fields.get(1) instanceof Reply.Bulk metadata
        && fields.get(2) instanceof Reply.Bulk checksums
        && fields.get(3) instanceof Reply.Simple tier
        && fields.get(4) instanceof Reply.Int length) {
      int chunks = elements - FIELDS;
      boolean fits =
          metadata.bytes().length <= Limits.MAX_METADATA_BYTES
              && length.value() >= 0
              && length.value() <= Limits.MAX_VALUE_BYTES
              && Limits.chunks((int) length.value()) == chunks
              && checksums.bytes().length == 4 * chunks;
      if (fits) {
        int[] crcs = new int[chunks];
        ByteBuffer.wrap(checksums.bytes()).asIntBuffer().get(crcs);
        return new BlockHeader(
            token(id.text()), metadata.bytes(), crcs, tier.text(), (int) length.value());
      }
    }
    throw new RespException("a block's reply begins with fields that do not agree");
  }

  private static PutToken token(String text) {
    try {
      return PutToken.parse(text);
    } catch (IllegalArgumentException e) {
      throw new RespException("a block's reply: " + e.getMessage(), e);
    }
  }
}
