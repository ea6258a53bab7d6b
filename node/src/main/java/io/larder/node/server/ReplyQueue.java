package io.larder.node.server;

import io.larder.node.block.Payload;
import io.larder.node.server.command.Answer;
import io.larder.node.server.command.Answer.Now;
import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.ErrorAnswer;
import io.larder.node.server.command.Outcome;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.Session;
import io.larder.node.server.reply.Exchange;
import io.larder.node.server.reply.ReplySink;
import io.larder.node.server.reply.Request;
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
 * time, and Netty's high water mark bounds the bytes that wait to be sent. Belongs to one event
 * loop.
 */
final class ReplyQueue implements ReplySink {
  /** The connection as its replies see it. */
  interface Owner {
    /** Goes on, since something that a reply waited for has come. */
    void repliesMoved();

    /** Called when replies have been written, with the time just read from the clock. */
    void replied(long atNanos);

    /** Closes the connection once its replies are sent. */
    void endAfterReplies();
  }

  /** Requests in progress on one connection. */
  static final int MAX_WAITING = 128;

  private static final int FULL_BYTES = 128 << 10;

  private final Owner owner;
  private final ServerContext server;
  private final Session session;
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

  // Consecutive commands that came at the same time and ended alike, not recorded yet.
  private @Nullable CommandSpec alike;
  private Outcome alikeOutcome = Outcome.OK;
  private long alikeStartNanos;
  private int alikeCount;

  private boolean pumping;
  private boolean closed;

  // The bytes pending at the last tick, which tell whether the peer takes anything.
  private long seenPendingBytes;
  private long seenProgress;
  private long progressNanos = System.nanoTime();

  ReplyQueue(Owner owner, ServerContext server, Session session, ChannelHandlerContext context) {
    this.owner = owner;
    this.server = server;
    this.session = session;
    this.context = context;
    this.turn = owner::repliesMoved;
    this.nextIteration = () -> context.executor().execute(turn);
    this.wake =
        () -> {
          try {
            context.executor().execute(turn);
          } catch (RejectedExecutionException _) {
            // The loop has ended, and its connections before it.
          }
        };
  }

  @Override
  public boolean isResp3() {
    return session.isResp3();
  }

  /** Writes the reply at once if it is there and no other waits, or queues it. */
  void add(CommandSpec spec, ErrorAnswer onError, long startNanos, Answer answer) {
    if (answer instanceof Now now && waiting.isEmpty() && !closed) {
      finished(spec, startNanos, write(spec, onError, now));
      return;
    }
    waiting.add(Exchange.of(new Request(spec, onError, startNanos), answer, server));
    if (waiting.size() == 1) {
      pump();
    }
  }

  @Override
  public Outcome write(CommandSpec spec, ErrorAnswer onError, Now now) {
    Refusal refusal = now.refusal();
    Reply instead = refusal == null ? null : onError.insteadOf(refusal);
    ReplyEncoder.write(buffer(), instead == null ? now.reply() : instead, isResp3());
    if (refusal == null) {
      return now.outcome();
    }
    if (instead == null) {
      if (onError.ends()) {
        owner.endAfterReplies();
      }
      return now.outcome();
    }
    if (spec.isPut()) {
      server.metrics().dropped(refusal);
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

  /** Writes all replies that can be written. */
  void pump() {
    if (pumping || closed) {
      return;
    }
    pumping = true;
    try {
      for (Exchange head; (head = waiting.peek()) != null && head.emit(this); ) {
        waiting.remove();
        finished(head.request(), head.outcome());
      }
    } finally {
      pumping = false;
    }
  }

  @Override
  public void finished(Request request, Outcome outcome) {
    finished(request.spec(), request.startNanos(), outcome);
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

  @Override
  public void hit() {
    hits++;
  }

  @Override
  public void miss() {
    misses++;
  }

  @Override
  public ByteBuf buffer() {
    if (buffer == null) {
      buffer = server.replyBuffers().take();
    }
    return buffer;
  }

  @Override
  public void write(Payload payload, int chunk, int offset, int length) {
    passBuffer();
    writeOut(server.payloadBufs().toSend(payload, chunk, offset, length));
  }

  @Override
  public void reject(Rejection reason) {
    server.reject(reason);
  }

  @Override
  public boolean hasRoom() {
    if (buffer != null && buffer.readableBytes() >= FULL_BYTES) {
      flush();
    }
    return context.channel().isWritable();
  }

  @Override
  public void flush() {
    count(); // before the replies leave: a client that has its reply finds it counted
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
      owner.replied(now);
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

  @Override
  public void wakeWhen(CompletableFuture<?> future) {
    CompletableFuture<?> _ = future.whenComplete((_, _) -> wake.run());
  }

  @Override
  public boolean wakeWhenArrived(Payload payload, int chunks) {
    return payload.watch(chunks, wake);
  }

  @Override
  public void wakeNextTurn() {
    // execute() alone would not wait for other channels: a loop runs its tasks until none is left.
    if (context.executor() instanceof SingleThreadEventLoop loop) {
      loop.executeAfterEventLoopIteration(nextIteration);
    } else {
      var _ = context.executor().schedule(turn, 0, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void closeNow() {
    var _ = context.close();
  }

  /** Closes the connection once everything written has been sent. */
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
      if (head.isSlow(nowNanos, server.minimumRate())) {
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
      server.reject(Rejection.COMMAND_TIMEOUT);
      head.progressed();
      head.expire(
          "TIMEOUT the node has not answered within "
              + config.waits().commandMs()
              + " ms: try again later");
      owner.repliesMoved();
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
