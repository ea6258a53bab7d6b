package io.larder.node.server;

import static io.larder.node.server.ConnectionPhase.CLOSED;
import static io.larder.node.server.ConnectionPhase.ENDING;
import static io.larder.node.server.ConnectionPhase.LINGERING;
import static io.larder.node.server.ConnectionPhase.SERVING;
import static io.larder.node.server.ConnectionPhase.STOPPING;

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
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.util.concurrent.EventExecutor;
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
 * <p>It takes requests from the inbox one after the other until it must wait: for a payload's
 * memory or bytes, for the reply of a command of Redis's family, for one of too many commands of
 * Larder's in progress, or for a peer that does not take its replies. Then the inbox fills and the
 * socket is not read; {@link #process} is called again when the wait is over. All of it happens on
 * the connection's event loop.
 */
final class Connection extends ChannelInboundHandlerAdapter implements ReplyQueue.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final long TICK_MS = 1_000;

  private final ServerContext server;
  private final Session session;
  private final ReceiveBuffers receive;
  private final Admission admission;
  private final RequestDecoder decoder;

  /** The parts that need the channel; made when the handler is added, before anything arrives. */
  private @Nullable Bound bound;

  private ConnectionPhase phase = SERVING;

  /** Of {@link ConnectionPhase#LINGERING}: the ticks left until the connection is closed. */
  private int lingerTicks;

  /** Guards {@link #process} against being called by itself, through a flush. */
  private boolean processing;

  /** The clock at its last reading: once a read and once a flush of replies, not at every step. */
  private long nowNanos = System.nanoTime();

  /** When a part of the request in progress last came. */
  private long requestNanos = nowNanos;

  Connection(ServerContext server, Session session, ReceiveBuffers receive) {
    this.server = server;
    this.session = session;
    this.receive = receive;
    this.admission = new Admission(server, session);
    this.decoder = new RequestDecoder(this::admit);
  }

  private record Bound(
      ChannelHandlerContext context, ReplyQueue replies, PutReception put, Future<?> ticking) {}

  private Bound bound() {
    Bound present = bound;
    if (present == null) {
      throw new IllegalStateException("the connection is not bound to a channel");
    }
    return present;
  }

  private ReplyQueue replies() {
    return bound().replies();
  }

  private PutReception put() {
    return bound().put();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    EventExecutor loop = context.executor();
    bound =
        new Bound(
            context,
            new ReplyQueue(this, server, session, context),
            new PutReception(server, session, admission, receive, loop, this::repliesMoved),
            loop.scheduleWithFixedDelay(this::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS));
  }

  /** Moves on to a phase, unless the connection is in a later one. */
  private void enter(ConnectionPhase next) {
    if (phase.compareTo(next) < 0) {
      phase = next;
    }
  }

  // What arrives.

  @Override
  @SuppressWarnings("ReferenceEquality") // the target itself, not a buffer like it
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (phase == CLOSED) {
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
        // If a target is set, this read began before that: its bytes come first.
        receive.receiveIntoInbox();
      }
    } finally {
      bytes.release();
    }
    if (phase == LINGERING) {
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
    if (phase == CLOSED) {
      return;
    }
    nowNanos = System.nanoTime();
    replies().pump();
    if (replies().isEmpty()) {
      requestNanos = nowNanos; // the request behind it was not late by itself
    }
    process();
    replies().flush();
    closeIfDone();
  }

  /** Takes requests from the inbox until it must wait. */
  private void process() {
    if (processing || phase == CLOSED) {
      return;
    }
    processing = true;
    try {
      ByteBuf inbox = receive.inbox();
      while (!isBlocked() && step(inbox)) {
        // take the next one
      }
    } catch (ProtocolException e) {
      server.reject(Rejection.PROTOCOL);
      Answer.Now failure = admission.failure();
      failAndClose(
          failure == null ? Reply.error("ERR Protocol error: " + e.getMessage()) : failure.reply());
    } finally {
      processing = false;
    }
    ChannelConfig channel = bound().context().channel().config();
    boolean read = phase == LINGERING || receive.target() != null || receive.hasRoom();
    if (channel.isAutoRead() != read) {
      channel.setAutoRead(read);
    }
  }

  /**
   * Whether something must be waited for. Until the next request is named, the admission's command
   * is the last one: a command that runs alone waits for the replies before it, and the next
   * command for its reply.
   */
  private boolean isBlocked() {
    return phase.compareTo(ENDING) >= 0
        || receive.target() != null
        || put().isWaiting()
        || (!replies().isEmpty()
            && (admission.spec().isAlone() || replies().size() >= ReplyQueue.MAX_WAITING))
        || !replies().hasRoom()
        || (phase == STOPPING && decoder.isAtStart());
  }

  /** Returns false if more must arrive first. */
  private boolean step(ByteBuf inbox) throws ProtocolException {
    if (put().isArriving()) {
      put().takeFrom(inbox, decoder);
      requestNanos = nowNanos;
      return !put().isArriving();
    }
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
    Call call = new Call(spec, arguments, count, session, server);
    Transaction transaction = session.transaction();
    // Between MULTI and EXEC an error is never replaced: a client that sends MULTI reads it.
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
    if (session.hasQuit()) {
      endAfterReplies();
    }
    replies().add(spec, queues ? ErrorAnswer.SENT : call.onError(), nowNanos, answer);
  }

  @Override
  public void replied(long atNanos) {
    nowNanos = atNanos;
  }

  @Override
  public void endAfterReplies() {
    enter(ENDING);
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
    if (phase == CLOSED) {
      return;
    }
    if (phase == LINGERING) {
      if (lingerTicks-- == 0) {
        replies().closeNow();
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
      LOG.debug("{} closed: {}", bound().context().channel(), rejection);
      replies().closeNow();
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

  /** Completes the request in progress, then closes. Called by any thread. */
  void stop() {
    bound()
        .context()
        .executor()
        .execute(() -> {
          enter(STOPPING);
          repliesMoved();
        });
  }

  private void closeIfDone() {
    if (replies().isEmpty() && (phase == ENDING || (phase == STOPPING && isIdle()))) {
      linger((int) (server.config().patience().slowReaderTimeoutMs() / TICK_MS));
      replies().closeAfterwards();
    }
  }

  private void linger(int ticks) {
    enter(LINGERING);
    lingerTicks = ticks;
  }

  /**
   * Sends the error, then skips the bytes that the peer still sends for a moment: closing with
   * unread bytes would reset the connection, and the error could be lost.
   */
  private void failAndClose(Reply error) {
    ReplyEncoder.write(replies().buffer(), error, session.isResp3());
    replies().flush();
    linger(2);
    receive.inbox().clear();
    if (bound().context().channel() instanceof DuplexChannel duplex) {
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
    if (phase == CLOSED) {
      return;
    }
    enter(CLOSED);
    server.closed(session);
    bound().ticking().cancel(false);
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
      LOG.debug("{} closed", context.channel(), cause);
    } else if (cause instanceof DecoderException && cause.getCause() instanceof SSLException why) {
      server.reject(Rejection.TLS);
      LOG.debug("{} refused: {}", context.channel(), why.getMessage());
    } else {
      LOG.error("{} closed after an unexpected error", context.channel(), cause);
    }
    replies().closeNow();
  }
}
