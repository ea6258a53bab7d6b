package io.larder.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The connection against Redis itself, where one is installed. */
@Timeout(60)
class RedisServerTest {
  @TempDir private static Path directory;

  private static final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private static final List<Process> started = new ArrayList<>();
  private static int port;

  @BeforeAll
  static void start() throws IOException {
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
            .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
    assumeTrue(installed, "redis-server is not on the PATH");
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
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(() -> {
          try (RespConnection up = connect()) {
            return up.isOpen();
          }
        });
  }

  @AfterAll
  static void stop() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
    group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static RespConnection connect() throws Exception {
    return RespConnection.connect(
            group, "127.0.0.1", port, ConnectionOptions.DEFAULTS.withPassword("secret"))
        .get(5, TimeUnit.SECONDS);
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
              20_000);
      var get = connection.send(Command.of("GET").arg("block"), 20_000);
      assertThat(set.get()).isEqualTo(Reply.OK);
      assertThat(get.get())
          .isInstanceOfSatisfying(
              Reply.Bulk.class, bulk -> assertThat(bulk.bytes()).isEqualTo(value));
      assertThat(connection.send(Command.of("GET").arg("none"), 5_000).get()).isEqualTo(Reply.NULL);
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
                  20_000));
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
      assertThat(connection.send(Command.of("NONSENSE"), 5_000).get())
          .isInstanceOfSatisfying(
              Reply.Failure.class, error -> assertThat(error.message()).startsWith("ERR unknown"));
      assertThat(connection.send(Command.of("CONFIG").arg("GET").arg("maxmemory"), 5_000).get())
          .isInstanceOf(Reply.Mapping.class);
      assertThat(connection.send(Command.of("COMMAND"), 20_000).get())
          .isInstanceOfSatisfying(
              Reply.Array.class, all -> assertThat(all.elements()).hasSizeGreaterThan(100));
      assertThat(connection.send(Command.of("PING"), 5_000).get()).isEqualTo(Reply.PONG);
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
                      20_000)
                  .get())
          .isEqualTo(Reply.OK);
      var get = connection.send(Command.of("GET").arg("huge"), 20_000);
      assertThatThrownBy(get::get).hasMessageContaining("16 MiB");
      connection.closed().get(5, TimeUnit.SECONDS);
      assertThat(other.send(Command.of("DEL").arg("huge".getBytes(ISO_8859_1)), 5_000).get())
          .isEqualTo(new Reply.Int(1));
    }
  }
}
