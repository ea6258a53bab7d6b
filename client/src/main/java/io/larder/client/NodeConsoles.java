package io.larder.client;

import io.larder.protocol.Command;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Reply;
import io.larder.protocol.RespConnection;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Blocking calls to single nodes, for administration: one connection a node, made on first use and
 * again after a failure. Not for blocks, nor for calls that must be fast. Not thread-safe.
 */
public final class NodeConsoles implements AutoCloseable {
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("larder-console", true), NioIoHandler.newFactory());
  private final ConnectionOptions options;
  private final Map<String, RespConnection> connections = new HashMap<>();

  /**
   * @param options the options of the connections
   */
  public NodeConsoles(ConnectionOptions options) {
    this.options = options.withClientName("larder-admin");
  }

  /**
   * Sends a command and waits for the reply.
   *
   * @param timeoutMs the timeout of connecting, and of the reply
   * @throws IOException if no reply arrives, or an error reply; the message names the node
   */
  public Reply call(String host, int port, Command command, long timeoutMs)
      throws IOException, InterruptedException {
    String address = host + ":" + port;
    try {
      RespConnection connection = connections.get(address);
      if (connection == null || !connection.isOpen()) {
        connection =
            await(
                RespConnection.connect(
                    group, host, port, options.withConnectTimeoutMs((int) timeoutMs)),
                timeoutMs);
        connections.put(address, connection);
      }
      Reply reply = await(connection.send(command, timeoutMs), timeoutMs);
      if (reply instanceof Reply.Failure failure) {
        throw new IOException("the node at " + address + " refuses: " + failure.message());
      }
      return reply;
    } catch (ExecutionException e) {
      drop(address);
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException("no answer from the node at " + address + ": " + cause.getMessage(), e);
    } catch (TimeoutException e) {
      drop(address);
      throw new IOException("no answer from the node at " + address + " in time", e);
    }
  }

  private static <T> T await(CompletableFuture<T> future, long timeoutMs)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future.get(timeoutMs + 1_000, TimeUnit.MILLISECONDS); // it has a deadline of its own
  }

  private void drop(String address) {
    RespConnection connection = connections.remove(address);
    if (connection != null) {
      connection.close();
    }
  }

  @Override
  public void close() {
    connections.values().forEach(RespConnection::close);
    var unused = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
