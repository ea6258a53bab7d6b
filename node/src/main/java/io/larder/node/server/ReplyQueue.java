package io.larder.node.server;

import io.larder.node.block.Payload;
import io.larder.node.server.Answer.Now;
import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.server.ServerMetrics.Rejection;
import io.larder.node.server.wire.PayloadBufs;
import io.larder.node.server.wire.ReplyBuffers;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.node.service.Refusal;
import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.SingleThreadEventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection's replies, in the order of its requests. Small ones gather in one buffer that is
 * flushed once a batch of requests; the head alone writes, so one large reply is in progress at a
 * time and what waits to be sent is bounded by Netty's high water mark. Belongs to one event loop.
 */
final class ReplyQueue {
  /** Requests in progress on one connection. */
  static final int MAX_WAITING = 128;

  private static final int FULL_BYTES = 128 << 10;

  private final Connection connection;
  private final ServerContext server;
  private final ChannelHandlerContext context;
  private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
  private final Runnable turn;
  private final Runnable nextIteration;
  private final Runnable wake;
  private @Nullable ByteBuf buffer;
  private boolean writtenUnflushed;

  // Since the last flush.
  private int commands;
  private int hits;
  private int misses;

  // Commands one after the other that came at the same time and ended alike, all but recorded.
  private @Nullable CommandSpec alike;
  private Outcome alikeOutcome = Outcome.OK;
  private long alikeStartNanos;
  private int alikeCount;

  private boolean pumping;
  private boolean closed;

  // What was pending at the last look, to see whether the peer takes anything.
  private long seenPendingBytes;
  private long seenProgress;
  private long progressNanos = System.nanoTime();

  ReplyQueue(Connection connection, ServerContext server, ChannelHandlerContext context) {
    this.connection = connection;
    this.server = server;
    this.context = context;
    this.turn = connection::repliesMoved;
    this.nextIteration = () -> context.executor().execute(turn);
    this.wake =
        () -> {
          try {
            context.executor().execute(turn);
          } catch (RejectedExecutionException _) {
            // The loop has ended, and every connection of it before that.
          }
        };
  }

  Session session() {
    return connection.session();
  }

  ServerMetrics metrics() {
    return server.metrics();
  }

  PayloadBufs payloadBufs() {
    return server.payloadBufs();
  }

  /** Writes the reply, or notes that it will have to be written. */
  void add(CommandSpec spec, ErrorAnswer onError, long startNanos, Answer answer) {
    if (answer instanceof Now now && waiting.isEmpty() && !closed) {
      finished(spec, startNanos, write(spec, onError, now));
      return;
    }
    waiting.add(exchange(new Asked(spec, onError, startNanos), answer));
    if (waiting.size() == 1) {
      pump();
    }
  }

  Exchange exchange(Asked asked, Answer answer) {
    return switch (answer) {
      case Now now -> new SmallReply(asked, CompletableFuture.completedFuture(now), 0);
      case Answer.Later later -> new SmallReply(asked, later.reply(), later.waitMs());
      case Answer.Blocks blocks -> new BlockReply(asked, server.service(), blocks);
      case Answer.Executed executed -> new TransactionReply(asked, executed.commands());
    };
  }

  /**
   * Writes a reply; an error becomes what its client is to be answered.
   *
   * @return how the command ended
   */
  Outcome write(CommandSpec spec, ErrorAnswer onError, Now now) {
    Refusal refusal = now.refusal();
    Reply instead = refusal == null ? null : onError.insteadOf(refusal);
    ReplyEncoder.write(buffer(), instead == null ? now.reply() : instead, session().resp3);
    if (refusal == null) {
      return now.outcome();
    }
    if (instead == null) {
      session().closing |= onError.ends();
      return now.outcome();
    }
    if (spec.isPut()) {
      metrics().dropped(refusal);
      return Outcome.DROPPED;
    }
    if (spec.isRead()) {
      miss();
    }
    return now.outcome();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  int size() {
    return waiting.size();
  }

  /** Writes as many replies as are there. */
  void pump() {
    if (pumping || closed) {
      return;
    }
    pumping = true;
    try {
      for (Exchange head; (head = waiting.peek()) != null && head.emit(this); ) {
        waiting.remove();
        finished(head);
      }
    } finally {
      pumping = false;
    }
  }

  /** A reply has been written whole. */
  void finished(Exchange ended) {
    finished(ended.asked().spec(), ended.asked().startNanos(), ended.outcome());
  }

  @SuppressWarnings("ReferenceEquality") // there is one of each command
  private void finished(CommandSpec spec, long startNanos, Outcome outcome) {
    if (spec != alike || outcome != alikeOutcome || startNanos != alikeStartNanos) {
      recordAlike();
      alike = spec;
      alikeOutcome = outcome;
      alikeStartNanos = startNanos;
    }
    alikeCount++;
    commands++;
  }

  /** A block has been found for a reader. */
  void hit() {
    hits++;
  }

  /** A block has not been found for a reader. */
  void miss() {
    misses++;
  }

  /** Where small replies are written. */
  ByteBuf buffer() {
    if (buffer == null) {
      buffer = ReplyBuffers.take();
    }
    return buffer;
  }

  /** Writes after everything that was written before. Takes over the reference. */
  void write(ByteBuf bytes) {
    passBuffer();
    writeOut(bytes);
  }

  /**
   * Whether the peer takes enough for more to be written; if not, the queue is woken when it is.
   */
  boolean hasRoom() {
    if (buffer != null && buffer.readableBytes() >= FULL_BYTES) {
      flush();
    }
    return context.channel().isWritable();
  }

  void flush() {
    count(); // before the replies leave: whoever has one finds it counted
    passBuffer();
    if (writtenUnflushed) {
      writtenUnflushed = false;
      context.flush();
    }
  }

  private void count() {
    recordAlike();
    if (commands + hits + misses > 0) {
      server.metrics().executed(commands, hits, misses);
      commands = 0;
      hits = 0;
      misses = 0;
    }
  }

  private void recordAlike() {
    if (alike != null) {
      long now = System.nanoTime();
      connection.replied(now);
      server.metrics().record(alike, alikeOutcome, alikeCount, now - alikeStartNanos);
      alike = null;
      alikeCount = 0;
    }
  }

  private void passBuffer() {
    if (buffer != null) {
      ByteBuf full = buffer;
      buffer = null;
      writeOut(full);
    }
  }

  private void writeOut(ByteBuf bytes) {
    server.metrics().bytesOut.increment(bytes.readableBytes());
    writtenUnflushed = true;
    // A failed write closes the channel through exceptionCaught.
    var _ = context.write(bytes, context.voidPromise());
  }

  void wakeWhen(CompletableFuture<?> future) {
    CompletableFuture<?> _ = future.whenComplete((_, _) -> wake.run());
  }

  /** Wakes when so many chunks have arrived or never will; false if that is so already. */
  boolean wakeWhenArrived(Payload payload, int chunks) {
    return payload.watch(chunks, wake);
  }

  /**
   * Wakes after the loop has seen to its other channels, which execute() alone would not wait for:
   * a loop runs its tasks until there are none.
   */
  void wakeNextTurn() {
    if (context.executor() instanceof SingleThreadEventLoop loop) {
      loop.executeAfterEventLoopIteration(nextIteration);
    } else {
      var _ = context.executor().schedule(turn, 0, TimeUnit.NANOSECONDS);
    }
  }

  /** Closes the connection at once: what was promised in a reply cannot be kept. */
  void closeNow() {
    var _ = context.close();
  }

  /** Closes the connection when all that was written has been sent. */
  void closeAfterwards() {
    passBuffer();
    context.writeAndFlush(context.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * Enforces the deadlines.
   *
   * @return why the connection must be closed, or null
   */
  @Nullable Rejection tick(long nowNanos) {
    ServerConfig config = server.config();
    if (hasStalled(nowNanos, config.patience().slowReaderTimeoutMs())) {
      return Rejection.SLOW_READER;
    }
    Exchange head = waiting.peek();
    if (head == null) {
      return null;
    }
    if (server.service().pool().waiting() > 0) {
      if (head.isSlow(nowNanos, config)) {
        return Rejection.SLOW_READER;
      }
      // A block that waits behind another must not keep memory from the one it waits for.
      for (Exchange exchange : waiting) {
        if (exchange != head) {
          exchange.yieldMemory();
        }
      }
    }
    if (head.isOlderThan(nowNanos, config.waits().commandMs())) {
      server.metrics().reject(Rejection.COMMAND_TIMEOUT);
      head.progressed();
      head.expire(
          "TIMEOUT the node has not answered within "
              + config.waits().commandMs()
              + " ms: try again later");
      connection.repliesMoved();
    }
    return null;
  }

  private boolean hasStalled(long nowNanos, long timeoutMs) {
    Channel channel = context.channel();
    ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
    long pendingBytes = outbound == null ? 0 : outbound.totalPendingWriteBytes();
    long progress = outbound == null ? 0 : outbound.currentProgress();
    if (pendingBytes == 0 || pendingBytes != seenPendingBytes || progress != seenProgress) {
      seenPendingBytes = pendingBytes;
      seenProgress = progress;
      progressNanos = nowNanos;
    }
    return nowNanos - progressNanos > timeoutMs * 1_000_000;
  }

  void close() {
    closed = true;
    count();
    for (Exchange exchange : waiting) {
      exchange.cancel();
    }
    waiting.clear();
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
  }
}
