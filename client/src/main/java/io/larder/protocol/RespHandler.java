package io.larder.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The event-loop half of a {@link RespConnection}: writes requests in order, matches replies to
 * them in the same order, watches deadlines. All state but {@link #inFlight} belongs to the
 * channel's event loop.
 */
final class RespHandler extends ChannelInboundHandlerAdapter {
  /** Payload is handed to the channel in slices, so that heap memory is copied piece by piece. */
  private static final int SLICE_BYTES = 256 << 10;

  private static final ByteBuf CRLF =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer(2).writeByte('\r').writeByte('\n').asReadOnly());

  final AtomicInteger inFlight = new AtomicInteger();
  final CompletableFuture<Void> closed = new CompletableFuture<>();

  private final String peer;
  private final boolean direct;
  private final DirectReceiver receiver = new DirectReceiver();
  private final ReplyDecoder decoder = new ReplyDecoder();
  private final ArrayDeque<Request> pending = new ArrayDeque<>();
  private final ArrayDeque<Request> unsent = new ArrayDeque<>();
  private final ArrayDeque<ByteBuf> held = new ArrayDeque<>();
  private @Nullable ChannelHandlerContext context;
  private @Nullable BlockReceiver block;
  private @Nullable ScheduledFuture<?> timer;
  private long timerNanos;
  private boolean pumping;
  private boolean flushDue;
  private long unflushedBytes;
  private @Nullable Throwable ended;

  /**
   * @param direct whether the handler receives the socket's own bytes and can choose their buffer;
   *     false under TLS
   */
  RespHandler(String peer, boolean direct) {
    this.peer = peer;
    this.direct = direct;
  }

  // ---- sending

  void submit(Request request) {
    ChannelHandlerContext ctx = context;
    if (ended != null || ctx == null) {
      request.command.releasePayload();
      finish(() -> request.fail(closedBy(ended)));
      return;
    }
    pending.add(request);
    unsent.add(request);
    watch(ctx, request.deadlineNanos);
    pump(ctx);
  }

  /** Writes as much as the channel accepts; the rest follows when it is writable again. */
  private void pump(ChannelHandlerContext ctx) {
    if (pumping) {
      return;
    }
    pumping = true;
    try {
      while (ended == null && ctx.channel().isWritable()) {
        Request request = unsent.peek();
        if (request == null) {
          break;
        }
        writeSome(ctx, request);
      }
    } finally {
      pumping = false;
    }
    if (!ctx.channel().isWritable()) {
      ctx.flush();
    } else if (!flushDue) {
      // One flush for all requests that other threads have queued on the loop by now.
      flushDue = true;
      ctx.executor()
          .execute(() -> {
            flushDue = false;
            ctx.flush();
          });
    }
  }

  private void writeSome(ChannelHandlerContext ctx, Request request) {
    Command command = request.command;
    if (!request.started) {
      request.started = true;
      ByteBuf head = ctx.alloc().directBuffer(command.headBytes());
      command.encodeHead(head);
      write(ctx, head);
      if (!command.hasPayload()) {
        request.written = true;
        unsent.remove();
      }
      return;
    }
    if (request.nextPart < command.payload().size()) {
      ByteBuf part = command.payload().get(request.nextPart);
      if (part.readableBytes() > SLICE_BYTES) {
        write(ctx, part.readRetainedSlice(SLICE_BYTES));
      } else {
        request.nextPart++;
        write(ctx, part.retain());
      }
      return;
    }
    unsent.remove();
    ctx.write(CRLF.duplicate())
        .addListener(done -> {
          request.written = true;
          command.releasePayload();
          Runnable completion = request.completion;
          if (completion != null) {
            pending.remove(request);
            finish(completion);
          }
        });
  }

  /** Failures arrive at {@link #exceptionCaught}. */
  private void write(ChannelHandlerContext ctx, ByteBuf bytes) {
    unflushedBytes += bytes.readableBytes();
    var unused = ctx.write(bytes, ctx.voidPromise());
    if (unflushedBytes > SLICE_BYTES) { // under TLS only flushed bytes count as pending
      unflushedBytes = 0;
      ctx.flush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      pump(ctx);
    }
  }

  // ---- receiving

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    if (direct) {
      ctx.channel().config().setRecvByteBufAllocator(receiver);
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // the very buffer the receiver gave to the socket
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    if (ended != null) {
      in.release();
      return;
    }
    BlockReceiver receiving = block;
    if (receiving != null && in == receiving.directTarget()) {
      in.release();
      guarded(ctx, receiving::receivedDirectly);
      return;
    }
    held.add(in);
    if (receiving == null || receiving.awaited() == null) {
      guarded(ctx, () -> consume(ctx));
    }
  }

  private void guarded(ChannelHandlerContext ctx, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      end(ctx, e);
    }
  }

  private void consume(ChannelHandlerContext ctx) {
    while (ended == null) {
      ByteBuf in = held.peek();
      if (in == null) {
        return;
      }
      BlockReceiver receiving = block;
      if (receiving != null) {
        consumeBlock(ctx, receiving, in);
        if (block != null && block.awaited() != null) {
          return;
        }
      } else if (in.isReadable()) {
        Request head = pending.peek();
        boolean streamed = head instanceof Request.Streamed;
        switch (decoder.decode(
            in, streamed ? ReplyDecoder.Stop.AT_ARRAY : ReplyDecoder.Stop.NEVER)) {
          case MORE -> {}
          case REPLY -> deliver(decoder.reply());
          case HEADER -> {
            if (head instanceof Request.Streamed wanted) {
              block = new BlockReceiver(wanted.sink, decoder.headerLength());
              receiver.block(block);
            }
          }
        }
      }
      if (ended == null && !in.isReadable()) {
        held.remove().release();
      }
    }
  }

  private void consumeBlock(ChannelHandlerContext ctx, BlockReceiver receiving, ByteBuf in) {
    boolean complete = receiving.consume(in);
    if (complete) {
      block = null;
      receiver.block(null);
      Request head = takeHead();
      if (head instanceof Request.Streamed wanted) {
        Throwable failure = receiving.failure();
        reply(
            wanted,
            failure != null
                ? () -> wanted.fail(failure)
                : () -> wanted.hit.complete(!receiving.missed()));
      }
      return;
    }
    CompletableFuture<Void> awaited = receiving.awaited();
    if (awaited != null) {
      receiver.paused(true);
      ctx.channel().config().setAutoRead(false);
      var unused =
          awaited.whenComplete(
              (ok, error) -> ctx.executor().execute(() -> resume(ctx, receiving, error)));
    }
  }

  private void resume(
      ChannelHandlerContext ctx, BlockReceiver receiving, @Nullable Throwable error) {
    if (ended != null || block != receiving) {
      return;
    }
    receiving.resume(error);
    receiver.paused(false);
    guarded(
        ctx,
        () -> {
          if (held.isEmpty()) {
            held.add(Unpooled.EMPTY_BUFFER); // an empty block may be complete without more input
          }
          consume(ctx);
        });
    if (ended == null && !(block != null && block.awaited() != null)) {
      ctx.channel().config().setAutoRead(true);
    }
  }

  private void deliver(Reply reply) {
    Request request = takeHead();
    if (request instanceof Request.Small small) {
      reply(small, () -> small.reply.complete(reply));
    } else if (request instanceof Request.Streamed streamed) {
      if (reply instanceof Reply.Null) {
        reply(streamed, () -> streamed.hit.complete(false));
      } else if (reply instanceof Reply.Failure error) {
        reply(streamed, () -> streamed.fail(new RespErrorException(error.message())));
      } else {
        reply(
            streamed,
            () -> streamed.fail(new RespException(peer + " sent a reply that is not a block")));
      }
    }
  }

  private Request takeHead() {
    Request head = pending.peek();
    if (head == null || !head.started || head.completion != null) {
      throw new RespException(peer + " sent a reply without a request");
    }
    return head;
  }

  private void reply(Request request, Runnable completion) {
    if (request.written) {
      pending.remove();
      finish(completion);
    } else {
      request.completion = completion;
    }
  }

  private void finish(Runnable completion) {
    inFlight.decrementAndGet();
    completion.run();
  }

  // ---- deadlines and the end

  /** One timer a connection, set to the earliest deadline; completing requests do not reset it. */
  private void watch(ChannelHandlerContext ctx, long deadlineNanos) {
    if (timer != null) {
      if (timerNanos - deadlineNanos <= 0) {
        return;
      }
      timer.cancel(false);
    }
    timerNanos = deadlineNanos;
    timer =
        ctx.executor()
            .schedule(
                () -> checkDeadlines(ctx), deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
  }

  private void checkDeadlines(ChannelHandlerContext ctx) {
    timer = null;
    long now = System.nanoTime();
    Request earliest = null;
    for (Request request : pending) {
      if (earliest == null || request.deadlineNanos - earliest.deadlineNanos < 0) {
        earliest = request;
      }
    }
    if (earliest == null) {
      return;
    }
    if (earliest.deadlineNanos - now > 0) {
      watch(ctx, earliest.deadlineNanos);
      return;
    }
    // A reply may still come and would be taken for the next request's: the connection must go.
    end(
        ctx,
        new RespTimeoutException(
            peer + " did not answer " + earliest.command.name() + " within its deadline"));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(ctx, new RespClosedException(peer + " closed the connection", null));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    end(ctx, new RespClosedException(peer + ": " + cause.getMessage(), cause));
  }

  /** Closes the channel, then fails the pending requests, whose buffers are no longer in use. */
  void end(ChannelHandlerContext ctx, Throwable cause) {
    if (ended != null) {
      return;
    }
    ended = cause;
    if (timer != null) {
      timer.cancel(false);
    }
    Channel channel = ctx.channel();
    var unused = channel.close();
    receiver.block(null);
    if (block != null) {
      block.abandon();
      block = null;
    }
    held.forEach(ByteBuf::release);
    held.clear();
    unsent.forEach(request -> request.command.releasePayload());
    unsent.clear();
    long now = System.nanoTime();
    for (Request request = pending.poll(); request != null; request = pending.poll()) {
      Request failed = request;
      if (failed.completion != null) {
        finish(failed.completion);
      } else if (failed.deadlineNanos - now <= 0 || !(cause instanceof RespTimeoutException)) {
        finish(() -> failed.fail(cause));
      } else {
        finish(() -> failed.fail(closedBy(cause)));
      }
    }
    closed.complete(null);
  }

  void close(String reason) {
    if (context != null) {
      end(context, new RespClosedException(reason, null));
    }
  }

  private RespException closedBy(@Nullable Throwable cause) {
    return new RespClosedException(
        cause == null ? peer + " is not connected" : "the connection ended: " + cause.getMessage(),
        cause);
  }
}
