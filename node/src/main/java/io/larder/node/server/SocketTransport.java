package io.larder.node.server;

import io.larder.node.server.ServerConfig.Transport;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.util.IntSupplier;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * The transport of sockets.
 *
 * @param name io_uring, epoll or nio
 * @param why it was chosen, for the log
 */
record SocketTransport(
    String name, String why, IoHandlerFactory handler, Supplier<ServerChannel> channel) {
  /** Makes Netty's table of events grow as needed. */
  private static final int ANY_NUMBER_OF_EVENTS = 0;

  /**
   * Chooses the transport that is configured, or the best one.
   *
   * @throws IOException if it is configured and not available on this machine
   */
  static SocketTransport choose(Transport asked) throws IOException {
    return switch (asked) {
      case NIO -> nio("as configured");
      case EPOLL -> {
        if (!Epoll.isAvailable()) {
          throw unavailable("epoll", Epoll.unavailabilityCause());
        }
        yield epoll("as configured");
      }
      case IO_URING -> {
        if (!IoUring.isAvailable()) {
          throw unavailable("io_uring", IoUring.unavailabilityCause());
        }
        yield new SocketTransport(
            "io_uring",
            "as configured",
            IoUringIoHandler.newFactory(),
            IoUringServerSocketChannel::new);
      }
      case AUTO ->
          Epoll.isAvailable()
              ? epoll("the best one available")
              : nio("epoll is not available: " + Epoll.unavailabilityCause());
    };
  }

  EventLoopGroup loops(int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory("larder-io", false), handler);
  }

  ServerChannel listener() {
    return channel.get();
  }

  private static SocketTransport epoll(String why) {
    return new SocketTransport(
        "epoll",
        why,
        EpollIoHandler.newFactory(ANY_NUMBER_OF_EVENTS, () -> SocketTransport::yieldThenSleep),
        EpollServerSocketChannel::new);
  }

  /**
   * Yields the core once before a loop sleeps. Clients that share its cores have the next requests
   * ready by then, which saves the sleep and the client's waking of the loop; with other clients it
   * costs three short system calls a sleep.
   */
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  private static int yieldThenSleep(IntSupplier ready, boolean hasTasks) throws Exception {
    int now = ready.get();
    if (hasTasks || now > 0) {
      return now;
    }
    Thread.yield();
    now = ready.get();
    return now > 0 ? now : SelectStrategy.SELECT;
  }

  private static SocketTransport nio(String why) {
    return new SocketTransport("nio", why, NioIoHandler.newFactory(), NioServerSocketChannel::new);
  }

  private static IOException unavailable(String name, Throwable cause) {
    return new IOException(
        "listen.transport is "
            + name
            + ", which is not available on this machine ("
            + cause.getMessage()
            + "): set it to auto",
        cause);
  }
}
