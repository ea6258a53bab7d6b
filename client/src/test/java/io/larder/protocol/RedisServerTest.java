package io.larder.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.testing.Need;
import io.larder.testing.Needs;
import io.larder.testing.Patience;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The connection against Redis itself, where one is installed. */
@Needs(Need.REDIS_SERVER)
class RedisServerTest {
  @TempDir private static Path directory;

  private static final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private static final List<Process> started = new ArrayList<>();
  private static int port;

  @BeforeAll
  static void start() throws IOException {
    startServer();
    Awaitility.await()
        .ignoreExceptions()
        .until(() -> {
          if (!started.get(started.size() - 1).isAlive()) {
            startServer(); // somebody else took the port meanwhile
          }
          try (RespConnection up = connect()) {
            return up.isOpen();
          }
        });
  }

  private static void startServer() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    started.add(
        new ProcessBuilder(
                "redis-server",
                "--port",
                String.valueOf(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--requirepass",
                "secret",
                "--dir",
                directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  @AfterAll
  static void stop() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
    group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static RespConnection connect() throws Exception {
    return Patience.get(
        RespConnection.connect(
            group, "127.0.0.1", port, ConnectionOptions.DEFAULTS.withPassword("secret")));
  }

  @Test
  void aValueSetIsTheValueGot() throws Exception {
    byte[] value = Blocks.bytes(9 << 20, 11);
    try (RespConnection connection = connect()) {
      var set =
          connection.send(
              Command.of("SET")
                  .arg("block")
                  .payload(
                      List.of(
                          Unpooled.wrappedBuffer(value, 0, 1234),
                          Unpooled.directBuffer().writeBytes(value, 1234, value.length - 1234))),
              Patience.limitMs());
      var get = connection.send(Command.of("GET").arg("block"), Patience.limitMs());
      assertThat(set.get()).isEqualTo(Reply.OK);
      assertThat(get.get())
          .isInstanceOfSatisfying(
              Reply.Bulk.class, bulk -> assertThat(bulk.bytes()).isEqualTo(value));
      assertThat(connection.send(Command.of("GET").arg("none"), Patience.limitMs()).get())
          .isEqualTo(Reply.NULL);
    }
  }

  @Test
  void thousandsOfPipelinedCommandsKeepTheirOrder() throws Exception {
    try (RespConnection connection = connect()) {
      List<CompletableFuture<Reply>> replies = new ArrayList<>();
      for (int round = 0; round < 10; round++) {
        replies.clear();
        for (int i = 0; i < 1000; i++) {
          replies.add(
              connection.send(
                  i % 2 == 0
                      ? Command.of("SET").arg("key " + i / 2).arg(i)
                      : Command.of("GET").arg("key " + i / 2),
                  Patience.limitMs()));
        }
        for (int i = 0; i < 1000; i += 2) {
          assertThat(replies.get(i).get()).isEqualTo(Reply.OK);
          assertThat(((Reply.Bulk) replies.get(i + 1).get()).text()).isEqualTo("" + i);
        }
      }
    }
  }

  @Test
  void mapsErrorsAndNestedArraysAreUnderstood() throws Exception {
    try (RespConnection connection = connect()) {
      assertThat(connection.send(Command.of("NONSENSE"), Patience.limitMs()).get())
          .isInstanceOfSatisfying(
              Reply.Failure.class, error -> assertThat(error.message()).startsWith("ERR unknown"));
      assertThat(
              connection
                  .send(Command.of("CONFIG").arg("GET").arg("maxmemory"), Patience.limitMs())
                  .get())
          .isInstanceOf(Reply.Mapping.class);
      assertThat(connection.send(Command.of("COMMAND"), Patience.limitMs()).get())
          .isInstanceOfSatisfying(
              Reply.Array.class, all -> assertThat(all.elements()).hasSizeGreaterThan(100));
      assertThat(connection.send(Command.of("PING"), Patience.limitMs()).get())
          .isEqualTo(Reply.PONG);
    }
  }

  @Test
  void aWrongPasswordIsToldAtConnect() {
    assertThatThrownBy(() ->
            RespConnection.connect(
                    group, "127.0.0.1", port, ConnectionOptions.DEFAULTS.withPassword("guess"))
                .get())
        .hasCauseInstanceOf(RespErrorException.class)
        .hasMessageContaining("WRONGPASS");
  }

  @Test
  void aValueOverTheBoundOfASmallReplyIsRefusedAndTheConnectionClosed() throws Exception {
    try (RespConnection connection = connect();
        RespConnection other = connect()) {
      assertThat(
              connection
                  .send(
                      Command.of("SET")
                          .arg("huge")
                          .payload(List.of(Unpooled.wrappedBuffer(new byte[17 << 20]))),
                      Patience.limitMs())
                  .get())
          .isEqualTo(Reply.OK);
      var get = connection.send(Command.of("GET").arg("huge"), Patience.limitMs());
      assertThatThrownBy(get::get).hasMessageContaining("16 MiB");
      Patience.get(connection.closed());
      assertThat(
              other
                  .send(Command.of("DEL").arg("huge".getBytes(ISO_8859_1)), Patience.limitMs())
                  .get())
          .isEqualTo(new Reply.Int(1));
    }
  }
}
