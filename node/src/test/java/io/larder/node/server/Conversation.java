package io.larder.node.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.MemoryPool;
import io.larder.node.server.command.Commands;
import io.larder.node.server.command.Session;
import io.larder.node.server.wire.ReceiveBuffers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** What one connection answers to bytes that come in pieces, without a socket. */
final class Conversation {
  private static final Commands COMMANDS = new Commands();
  private static final ServerMetrics METRICS =
      new ServerMetrics(new SimpleMeterRegistry(), COMMANDS.table().all());

  private Conversation() {}

  /** A node of its own answers; afterwards no memory may be missing. */
  static byte[] of(byte[]... pieces) {
    MemoryPool pool = new MemoryPool(2 << 20, 0);
    MapBlockService service = new MapBlockService(pool, 1 << 20, () -> 0);
    ServerContext server = new ServerContext(ServerHarness.config(), service, COMMANDS, METRICS);
    EmbeddedChannel channel = new EmbeddedChannel();
    Session session = server.newSession(channel.remoteAddress(), channel.localAddress());
    session.introduced();
    channel.pipeline().addLast(new Connection(server, session, new ReceiveBuffers(true)));
    ByteArrayOutputStream replies = new ByteArrayOutputStream();
    try {
      for (byte[] piece : pieces) {
        if (channel.isOpen()) {
          channel.writeInbound(Unpooled.copiedBuffer(piece));
        }
      }
      for (ByteBuf reply; (reply = channel.readOutbound()) != null; reply.release()) {
        reply.readBytes(replies, reply.readableBytes());
      }
      return replies.toByteArray();
    } catch (IOException e) {
      throw new AssertionError("writing into memory", e);
    } finally {
      channel.finishAndReleaseAll();
      service.clear();
      assertThat(pool.usedBytes()).isZero();
      pool.close();
    }
  }
}
