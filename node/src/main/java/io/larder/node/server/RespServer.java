package io.larder.node.server;

import io.larder.node.server.command.Commands;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.Session;
import io.larder.node.server.wire.ReceiveBuffers;
import io.larder.node.service.BlockService;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a node's blocks over RESP.
 *
 * <p>A connection belongs to one event loop, which decodes its requests, calls the {@link
 * BlockService} and writes its replies; loops share only what is thread-safe. Thread-safe.
 */
public final class RespServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RespServer.class);
  private static final long CLOSE_GRACE_MS = 5_000;

  /**
   * The bytes that may wait in Netty to be sent: a block's turn begins while the last one leaves.
   */
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(256 << 10, 512 << 10);

  private final ServerContext context;
  private final EventLoopGroup loops;
  private final Channel listener;
  private final SocketTransport transport;

  private RespServer(
      ServerContext context, EventLoopGroup loops, Channel listener, SocketTransport transport) {
    this.context = context;
    this.loops = loops;
    this.listener = listener;
    this.transport = transport;
  }

  /**
   * Binds and serves.
   *
   * @throws IOException if the address cannot be bound or the transport is not available
   */
  public static RespServer start(ServerConfig config, BlockService service, MeterRegistry registry)
      throws IOException {
    SocketTransport transport = SocketTransport.choose(config.transport());
    Commands commands = new Commands();
    ServerMetrics metrics = new ServerMetrics(registry, commands.table().all());
    ServerContext context = new ServerContext(config, service, commands, metrics);
    int threads =
        config.eventLoops() > 0 ? config.eventLoops() : Runtime.getRuntime().availableProcessors();
    EventLoopGroup loops = transport.loops(threads);
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops)
            .channelFactory(transport::listener)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
            .childHandler(new Accepting(context))
            .bind(config.host(), config.port())
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      throw new IOException(
          "cannot listen on "
              + config.host()
              + ":"
              + config.port()
              + ": "
              + bound.cause().getMessage()
              + "; choose another listen.host or listen.port",
          bound.cause());
    }
    RespServer server = new RespServer(context, loops, bound.channel(), transport);
    context.boundTo(server.port());
    LOG.info(
        "serving RESP{} on {}:{} with {} on {} event loops ({})",
        config.tls() == null ? "" : " over TLS",
        config.host(),
        server.port(),
        transport.name(),
        threads,
        transport.why());
    return server;
  }

  /** The bound port. */
  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** The transport in use: io_uring, epoll or nio. */
  public String transport() {
    return transport.name();
  }

  /** Connections that are open. */
  public int connections() {
    return context.metrics().connections().get();
  }

  /**
   * Stops: accepts no more connections, completes the requests whose first byte has come, and
   * closes every connection, by force after {@code graceMs}. Returns when all are closed.
   */
  public void stop(long graceMs) {
    listener.close().awaitUninterruptibly();
    context.stopConnections();
    long deadline = System.nanoTime() + graceMs * 1_000_000;
    while (context.hasConnections() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(2_000_000);
    }
    // The loops' shutdown closes the remaining connections and waits for that.
    loops.shutdownGracefully(0, CLOSE_GRACE_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }

  /** {@link #stop} with a grace of 5 s. */
  @Override
  public void close() {
    stop(CLOSE_GRACE_MS);
  }

  private static final class Accepting extends ChannelInitializer<SocketChannel> {
    private final ServerContext context;

    Accepting(ServerContext context) {
      this.context = context;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
      ServerMetrics metrics = context.metrics();
      int most = context.config().maxConnections();
      if (metrics.connections().incrementAndGet() > most) {
        metrics.connections().decrementAndGet();
        metrics.reject(Rejection.TOO_MANY_CONNECTIONS);
        ByteBuf error =
            Unpooled.copiedBuffer(
                "-ERR max number of clients reached\r\n", StandardCharsets.US_ASCII);
        channel.writeAndFlush(error).addListener(ChannelFutureListener.CLOSE);
        return;
      }
      metrics.connectionsTotal.increment();
      ServerTls tls = context.config().tls();
      ReceiveBuffers receive = new ReceiveBuffers(tls == null);
      if (tls == null) {
        channel.config().setRecvByteBufAllocator(receive);
      } else {
        channel.pipeline().addLast(tls.handler(channel.alloc()));
      }
      Session session = context.newSession(channel.remoteAddress(), channel.localAddress());
      Connection connection = new Connection(context, session, receive);
      channel.closeFuture().addListener(_ -> metrics.connections().decrementAndGet());
      channel.pipeline().addLast(connection);
      // Last: from now on stop() may stop it.
      context.opened(session, connection::stop);
    }
  }
}
