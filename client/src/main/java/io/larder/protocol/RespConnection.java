package io.larder.protocol;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A pipelined connection to a RESP server: any thread may send at any time; requests and replies
 * keep their order, and no request waits for an earlier reply. This class does not copy block
 * payloads.
 *
 * <p>Every request has a deadline. When one passes, its future fails with {@link
 * RespTimeoutException} and the connection closes, since a late reply would be taken for the next
 * one; the other requests in flight fail with {@link RespClosedException}. The same detects a
 * half-open connection. Requests that may take long belong on a connection of their own.
 *
 * <p>Futures complete on the connection's event loop: dependent stages must not block. Thread-safe.
 * A closed connection stays closed.
 */
public final class RespConnection implements AutoCloseable {
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(256 << 10, 1 << 20);

  private final Channel channel;
  private final RespHandler handler;
  private final String peer;
  private final int maxPending;

  private RespConnection(Channel channel, RespHandler handler, String peer, int maxPending) {
    this.channel = channel;
    this.handler = handler;
    this.peer = peer;
    this.maxPending = maxPending;
  }

  /**
   * Connects and sends {@code HELLO 3}, with the password if there is one.
   *
   * @param group an event loop, or a group of them, on Netty's epoll or NIO transport
   * @return fails with {@link RespClosedException} if the server cannot be reached, {@link
   *     RespTimeoutException} at the deadline, {@link RespErrorException} if it refuses the
   *     password or does not speak RESP3
   */
  public static CompletableFuture<RespConnection> connect(
      EventLoopGroup group, String host, int port, ConnectionOptions options) {
    return connect(group, channelClass(group), host, port, options);
  }

  /** Connects over another of Netty's transports, with the group's socket channel. */
  public static CompletableFuture<RespConnection> connect(
      EventLoopGroup group,
      Class<? extends Channel> channelClass,
      String host,
      int port,
      ConnectionOptions options) {
    String peer = host + ":" + port;
    CompletableFuture<RespConnection> result = new CompletableFuture<>();
    EventLoop loop = group.next();
    long deadlineNanos =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(options.connectTimeoutMs());
    try {
      var late =
          loop.schedule(
              () ->
                  result.completeExceptionally(
                      new RespTimeoutException(
                          "no connection to "
                              + peer
                              + " within "
                              + options.connectTimeoutMs()
                              + " ms: its name may not have been found in that time")),
              options.connectTimeoutMs(),
              TimeUnit.MILLISECONDS);
      var unused =
          NameLookups.lookUp(host)
              .whenCompleteAsync(
                  (address, error) -> {
                    late.cancel(false);
                    if (error != null) {
                      result.completeExceptionally(
                          new RespClosedException(
                              "cannot connect to " + peer + ": no such name", error));
                    } else if (!result.isDone()) {
                      connect(
                          loop,
                          channelClass,
                          new InetSocketAddress(address, port),
                          host,
                          options,
                          deadlineNanos,
                          result);
                    }
                  },
                  loop);
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(
          new RespClosedException("the event loop for " + peer + " is shut down", e));
    }
    return result;
  }

  private static void connect(
      EventLoop loop,
      Class<? extends Channel> channelClass,
      InetSocketAddress address,
      String host,
      ConnectionOptions options,
      long deadlineNanos,
      CompletableFuture<RespConnection> result) {
    String peer = host + ":" + address.getPort();
    Tls tls = options.tls();
    RespHandler handler = new RespHandler(peer, tls == null);
    long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    new Bootstrap()
        .group(loop)
        .channel(channelClass)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.max(1, leftMs))
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
        .handler(tls == null ? handler : overTls(tls, host, address.getPort(), handler))
        .connect(address)
        .addListener((io.netty.channel.ChannelFuture connected) -> {
          if (!connected.isSuccess()) {
            result.completeExceptionally(
                new RespClosedException(
                    "cannot connect to " + peer + ": " + connected.cause().getMessage(),
                    connected.cause()));
            return;
          }
          new RespConnection(connected.channel(), handler, peer, options.maxPending())
              .hello(options, deadlineNanos, result);
        });
  }

  private static ChannelHandler overTls(Tls tls, String host, int port, RespHandler handler) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel.pipeline().addLast(tls.handler(channel.alloc(), host, port), handler);
      }
    };
  }

  private void hello(
      ConnectionOptions options, long deadlineNanos, CompletableFuture<RespConnection> result) {
    Command hello = Command.of("HELLO").arg(3);
    String password = options.password();
    if (password != null) {
      String user = options.user();
      hello.arg("AUTH").arg(user == null ? "default" : user).arg(password);
    }
    hello.arg("SETNAME").arg(options.clientName());
    var unused =
        sendUntil(hello, deadlineNanos)
            .whenComplete((reply, error) -> {
              if (reply instanceof Reply.Failure refusal) {
                close();
                result.completeExceptionally(
                    new RespErrorException(refusal.message() + " (HELLO to " + peer + ")"));
              } else if (error != null) {
                result.completeExceptionally(error);
              } else if (!result.complete(this)) {
                close(); // nobody waits for it any more
              }
            });
  }

  /**
   * Sends a command, with a payload or without.
   *
   * @param timeoutMs the request's deadline from now, in ms
   * @return the whole reply, at most 16 MiB; an error reply is a {@link Reply.Failure}, not an
   *     exception. Fails with {@link RespException} if no reply arrives
   */
  public CompletableFuture<Reply> send(Command command, long timeoutMs) {
    return sendUntil(command, deadline(timeoutMs));
  }

  private CompletableFuture<Reply> sendUntil(Command command, long deadlineNanos) {
    Request.Small request = new Request.Small(command, deadlineNanos);
    submit(request);
    return request.reply;
  }

  /**
   * Sends a command whose reply is a block, such as {@code KV.GET}, and streams it into the sink.
   *
   * @param timeoutMs the deadline of the whole reply from now, in ms
   * @return true if the sink has the whole block, false on a miss. Fails with {@link
   *     RespErrorException} on an error reply, with the sink's own exception, or with {@link
   *     RespException}. After completion the sink's buffers are no longer written to
   */
  public CompletableFuture<Boolean> get(Command command, BlockSink sink, long timeoutMs) {
    Request.Streamed request = new Request.Streamed(command, deadline(timeoutMs), sink);
    submit(request);
    return request.hit;
  }

  private void submit(Request request) {
    AtomicInteger inFlight = handler.inFlight;
    if (inFlight.incrementAndGet() > maxPending) {
      inFlight.decrementAndGet();
      request.command.releasePayload();
      request.fail(
          new RespException(
              peer
                  + " has "
                  + maxPending
                  + " requests in flight on one connection already: send less at once, or raise"
                  + " maxPending"));
      return;
    }
    if (channel.eventLoop().inEventLoop()) {
      handler.submit(request);
      return;
    }
    try {
      channel.eventLoop().execute(() -> handler.submit(request));
    } catch (RejectedExecutionException e) {
      inFlight.decrementAndGet();
      request.command.releasePayload();
      request.fail(new RespClosedException("the event loop of " + peer + " is shut down", e));
    }
  }

  /** Whether requests can be sent; once false, it stays false. */
  public boolean isOpen() {
    return channel.isActive() && !handler.closed.isDone();
  }

  /** The number of requests that await their replies. */
  public int inFlight() {
    return handler.inFlight.get();
  }

  /** Returns a new future that completes when either side has closed the connection. */
  public CompletableFuture<Void> closed() {
    return handler.closed.copy();
  }

  /** Closes the connection; requests in flight fail with {@link RespClosedException}. */
  @Override
  public void close() {
    if (channel.eventLoop().inEventLoop()) {
      handler.close("the connection to " + peer + " was closed here");
    } else if (!channel.eventLoop().isShuttingDown()) {
      channel
          .eventLoop()
          .execute(() -> handler.close("the connection to " + peer + " was closed here"));
    }
  }

  @Override
  public String toString() {
    return "RespConnection[" + peer + (isOpen() ? "]" : ", closed]");
  }

  private static long deadline(long timeoutMs) {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.max(0, timeoutMs));
  }

  private static Class<? extends Channel> channelClass(EventLoopGroup group) {
    if (group instanceof IoEventLoopGroup io) {
      if (io.isIoType(EpollIoHandler.class)) {
        return EpollSocketChannel.class;
      }
      if (io.isIoType(NioIoHandler.class)) {
        return NioSocketChannel.class;
      }
    }
    throw new IllegalArgumentException(
        "the event loop group is neither on epoll nor on NIO: name its socket channel class");
  }
}
