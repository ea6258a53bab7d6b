package io.larder.node.server;

import io.larder.node.server.command.Answer;
import io.larder.node.server.command.Call;
import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.ErrorAnswer;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.Session;
import io.larder.node.server.command.Transaction;
import io.larder.node.server.request.Admission;
import io.larder.node.server.request.PutReception;
import io.larder.node.server.wire.ProtocolException;
import io.larder.node.server.wire.ReceiveBuffers;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.node.server.wire.RequestDecoder;
import io.larder.node.server.wire.RequestDecoder.Disposition;
import io.larder.node.server.wire.RequestDecoder.Event;
import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: decodes what arrives, executes it, and keeps the deadlines.
 *
 * <p>Requests are taken from the inbox one after the other until something must be waited for: a
 * payload's memory or its bytes, a command of Redis's family that is not answered, too many of
 * Larder's in progress, a peer that does not take its replies. Then the inbox fills, the socket is
 * not read any more, and whatever is waited for calls {@link #process} again. All of it happens on
 * the connection's event loop.
 */
final class Connection extends ChannelInboundHandlerAdapter implements ReplyQueue.Owner {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);
  private static final long TICK_MS = 1_000;

  private final ServerContext server;
  private final Session session;
  private final ReceiveBuffers receive;
  private final Admission admission;
  private final RequestDecoder decoder;

  // Set when the handler is added, before anything arrives.
  private @Nullable ChannelHandlerContext boundContext;
  private @Nullable ReplyQueue boundReplies;
  private @Nullable PutReception boundPut;
  private @Nullable Future<?> ticking;

  private boolean processing;
  private boolean mustBeAlone;
  private boolean lastWasAlone;
  private boolean stopping;
  private boolean closing;
  private boolean closed;

  /** Ticks left to read past what a peer still sends before the connection is closed. */
  private int lingerTicks = -1;

  /**
   * The clock as it was last looked at: once a read and once a flush of replies, not at every step.
   */
  private long nowNanos = System.nanoTime();

  /** When something of the request in progress last came. */
  private long requestNanos = nowNanos;

  Connection(ServerContext server, Session session, ReceiveBuffers receive) {
    this.server = server;
    this.session = session;
    this.receive = receive;
    this.admission = new Admission(server, session);
    this.decoder = new RequestDecoder(this::admit);
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext present = boundContext;
    if (present == null) {
      throw new IllegalStateException("the connection is not bound to a channel");
    }
    return present;
  }

  private ReplyQueue replies() {
    ReplyQueue present = boundReplies;
    if (present == null) {
      throw new IllegalStateException("the connection is not bound to a channel");
    }
    return present;
  }

  private PutReception put() {
    PutReception present = boundPut;
    if (present == null) {
      throw new IllegalStateException("the connection is not bound to a channel");
    }
    return present;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    boundContext = context;
    boundReplies = new ReplyQueue(this, server, session, context);
    boundPut =
        new PutReception(
            server, session, admission, receive, context.executor(), this::repliesMoved);
    ticking =
        context
            .executor()
            .scheduleWithFixedDelay(this::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
  }

  // What arrives.

  @Override
  @SuppressWarnings("ReferenceEquality") // which buffer it is tells what it is
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (closed) {
      bytes.release();
      return;
    }
    nowNanos = System.nanoTime();
    if (decoder.isAtStart()) {
      requestNanos = nowNanos;
    }
    try {
      if (bytes == receive.target()) {
        put().receivedInto(bytes, decoder);
      } else {
        if (bytes != receive.inbox()) {
          receive.append(bytes);
        }
        // Should a target be set, this read was under way before: its bytes come first.
        receive.receiveIntoInbox();
      }
    } finally {
      bytes.release();
    }
    if (lingerTicks >= 0) {
      receive.inbox().clear();
    } else {
      process();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    server.metrics().bytesIn.increment((double) receive.takeReceivedBytes());
    replies().flush();
    closeIfDone();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) {
      repliesMoved();
    }
  }

  @Override
  public void repliesMoved() {
    if (closed) {
      return;
    }
    nowNanos = System.nanoTime();
    replies().pump();
    if (replies().isEmpty()) {
      requestNanos = nowNanos; // what waited behind it was not late by itself
    }
    process();
    replies().flush();
    closeIfDone();
  }

  /** Takes requests from the inbox until something must be waited for. */
  private void process() {
    if (processing || closed) {
      return;
    }
    processing = true;
    try {
      ByteBuf inbox = receive.inbox();
      while (!isBlocked() && step(inbox)) {
        // on to the next
      }
    } catch (ProtocolException e) {
      server.reject(Rejection.PROTOCOL);
      Answer.Now failure = admission.failure();
      failAndClose(
          failure == null ? Reply.error("ERR Protocol error: " + e.getMessage()) : failure.reply());
    } finally {
      processing = false;
    }
    boolean read = lingerTicks >= 0 || receive.target() != null || receive.hasRoom();
    if (context().channel().config().isAutoRead() != read) {
      context().channel().config().setAutoRead(read);
    }
  }

  private boolean isBlocked() {
    return closed
        || closing
        || lingerTicks >= 0
        || receive.target() != null
        || put().isWaiting()
        || (!replies().isEmpty()
            && (mustBeAlone || lastWasAlone || replies().size() >= ReplyQueue.MAX_WAITING))
        || !replies().hasRoom()
        || (stopping && decoder.isAtStart());
  }

  /** Returns false if more must arrive first. */
  private boolean step(ByteBuf inbox) throws ProtocolException {
    if (put().isArriving()) {
      put().takeFrom(inbox, decoder);
      requestNanos = nowNanos;
      return !put().isArriving();
    }
    mustBeAlone = false;
    Event event = decoder.next(inbox);
    switch (event) {
      case MORE -> {
        return false;
      }
      case NAMED -> named();
      case PAYLOAD -> put().start(decoder);
      case REQUEST -> execute();
    }
    return true;
  }

  private void named() {
    requestNanos = nowNanos;
    admission.named(decoder.argument(0), decoder.count());
    mustBeAlone = admission.spec().isAlone();
    if (decoder.isInline()) {
      for (int i = 1; i < decoder.count(); i++) {
        byte[] argument = decoder.argument(i);
        if (admit(i, argument.length) == Disposition.PAYLOAD) {
          put().startInline(decoder, argument);
        }
      }
    }
  }

  private Disposition admit(int index, long length) {
    Disposition disposition = admission.admit(index, length);
    return disposition == Disposition.PAYLOAD ? put().admit(decoder, (int) length) : disposition;
  }

  // Execution.

  private void execute() {
    CommandSpec spec = admission.spec();
    int count = decoder.count();
    byte[][] arguments = decoder.takeArguments();
    session.requested(spec.name(), requestNanos);
    lastWasAlone = spec.isAlone();
    Call call = new Call(spec, arguments, count, session, server);
    Transaction transaction = session.transaction();
    // Between MULTI and EXEC an error is the only answer: a client that sends MULTI reads it.
    boolean queues = transaction.isOpen();
    Answer answer;
    try {
      answer = answer(call);
    } catch (RuntimeException e) {
      answer = server.failures().answer(e);
    }
    if (queues && answer instanceof Answer.Now now && now.refusal() != null) {
      transaction.fail();
    }
    admission.end();
    closing |= session.hasQuit();
    replies().add(spec, queues ? ErrorAnswer.SENT : call.onError(), nowNanos, answer);
  }

  @Override
  public void replied(long atNanos) {
    nowNanos = atNanos;
  }

  @Override
  public void endAfterReplies() {
    closing = true;
  }

  private Answer answer(Call call) {
    Answer.Now failure = admission.failure();
    if (failure != null) {
      put().abandon();
      return failure;
    }
    return server.handlers().run(call, put().isIdle() ? null : put().received(call));
  }

  // Deadlines and the end.

  private void tick() {
    if (closed) {
      return;
    }
    if (lingerTicks >= 0) {
      if (lingerTicks-- == 0) {
        var _ = context().close();
      }
      return;
    }
    long now = System.nanoTime();
    ServerConfig config = server.config();
    Rejection rejection = replies().tick(now);
    if (rejection == null && put().isSlow(now)) {
      rejection = Rejection.SLOW_PUT;
    }
    boolean partial = !decoder.isAtStart() || receive.hasUndecoded();
    boolean awaited = !put().isArriving() && replies().isEmpty();
    if (rejection == null && partial && awaited) {
      rejection =
          overdue(now, config.patience().requestTimeoutMs()) ? Rejection.SLOW_REQUEST : null;
    }
    if (rejection == null && isIdle() && config.patience().idleTimeoutMs() > 0) {
      rejection = overdue(now, config.patience().idleTimeoutMs()) ? Rejection.IDLE : null;
    }
    if (rejection != null) {
      server.reject(rejection);
      log.debug("{} closed: {}", context().channel(), rejection);
      var _ = context().close();
      return;
    }
    if (put().expire(now, decoder)) {
      repliesMoved();
    }
    session.transaction().expire(now, config.patience().requestTimeoutMs());
    receive.trim();
  }

  private boolean overdue(long now, long timeoutMs) {
    return now - requestNanos > timeoutMs * 1_000_000;
  }

  private boolean isIdle() {
    return decoder.isAtStart() && put().isIdle() && replies().isEmpty();
  }

  /** Finishes what is in progress, then closes. */
  void stop() {
    context()
        .executor()
        .execute(() -> {
          stopping = true;
          repliesMoved();
        });
  }

  private void closeIfDone() {
    if (!closed && lingerTicks < 0 && replies().isEmpty() && (closing || (stopping && isIdle()))) {
      closing = true;
      lingerTicks = (int) (server.config().patience().slowReaderTimeoutMs() / TICK_MS);
      replies().closeAfterwards();
    }
  }

  /**
   * Sends the error, then reads past what the peer still sends for a moment: closing on unread
   * bytes would reset the connection and could take the error with it.
   */
  private void failAndClose(Reply error) {
    ReplyEncoder.write(replies().buffer(), error, session.isResp3());
    replies().flush();
    closing = true;
    lingerTicks = 2;
    receive.inbox().clear();
    if (context().channel() instanceof DuplexChannel duplex) {
      var _ = duplex.shutdownOutput();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end();
    context.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    end();
  }

  private void end() {
    if (closed) {
      return;
    }
    closed = true;
    server.closed(session);
    if (ticking != null) {
      ticking.cancel(false);
    }
    put().abandon();
    admission.end();
    session.transaction().close();
    replies().close();
    receive.close();
    server.service().clientGone(session.id());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof IOException) {
      log.debug("{} closed", context.channel(), cause);
    } else if (cause instanceof DecoderException && cause.getCause() instanceof SSLException why) {
      server.reject(Rejection.TLS);
      log.debug("{} refused: {}", context.channel(), why.getMessage());
    } else {
      log.error("{} closed after an error nobody expected", context.channel(), cause);
    }
    var _ = context.close();
  }
}
