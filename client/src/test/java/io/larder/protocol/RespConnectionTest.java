package io.larder.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.testing.Patience;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class RespConnectionTest {
  private static final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

  @AfterAll
  static void stop() {
    group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
  }

  static RespConnection connect(ScriptedPeer peer) throws Exception {
    return connect(peer, ConnectionOptions.DEFAULTS);
  }

  static RespConnection connect(ScriptedPeer peer, ConnectionOptions options) throws Exception {
    return Patience.get(RespConnection.connect(group, "127.0.0.1", peer.port(), options));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(ISO_8859_1);
  }

  private static ByteBuf direct(byte[] bytes) {
    return Unpooled.directBuffer(bytes.length).writeBytes(bytes);
  }

  @Test
  void repliesMatchTheirRequestsInOrder() throws Exception {
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) ->
                out.write(
                    ascii("$" + command.get(1).length() + "\r\n" + command.get(1) + "\r\n")));
        RespConnection connection = connect(peer)) {
      List<CompletableFuture<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        replies.add(connection.send(Command.of("ECHO").arg("message " + i), Patience.limitMs()));
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(replies.get(i).get())
            .isInstanceOfSatisfying(
                Reply.Bulk.class, bulk -> assertThat(bulk.text()).startsWith("message "));
        assertThat(((Reply.Bulk) replies.get(i).get()).text()).isEqualTo("message " + i);
      }
      assertThat(connection.inFlight()).isZero();
    }
  }

  @Test
  void aPayloadReachesThePeerWholeWhateverItsBuffersAre() throws Exception {
    Map<String, String> stored = new ConcurrentHashMap<>();
    byte[] first = Blocks.bytes(3_000_001, 1);
    byte[] second = Blocks.bytes(700_000, 2);
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) -> {
              stored.put(command.get(1), command.get(command.size() - 1));
              out.write(ascii("+OK\r\n"));
            });
        RespConnection connection = connect(peer)) {
      ByteBuf direct = direct(first);
      ByteBuf heap = Unpooled.wrappedBuffer(second);
      var mixed =
          connection.send(
              Command.of("SET").arg("mixed").payload(List.of(direct, heap)), Patience.limitMs());
      var empty =
          connection.send(Command.of("SET").arg("empty").payload(List.of()), Patience.limitMs());
      var small = connection.send(Command.of("SET").arg("small").arg("value"), Patience.limitMs());
      assertThat(mixed.get()).isEqualTo(Reply.OK);
      assertThat(empty.get()).isEqualTo(Reply.OK);
      assertThat(small.get()).isEqualTo(Reply.OK);
      assertThat(stored.get("mixed"))
          .isEqualTo(new String(first, ISO_8859_1) + new String(second, ISO_8859_1));
      assertThat(stored.get("empty")).isEmpty();
      assertThat(stored.get("small")).isEqualTo("value");
      assertThat(direct.refCnt()).isZero();
      assertThat(heap.refCnt()).isZero();
    }
  }

  @Test
  void blocksOfEveryShapeArriveWhole() throws Exception {
    List<Integer> lengths =
        List.of(0, 1, 65_535, 65_536, 1 << 20, (1 << 20) + 1, 3 << 20, (5 << 20) + 70_000);
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) -> {
              int length = Integer.parseInt(command.get(1));
              out.write(Blocks.reply(Blocks.bytes(length, length), "meta " + length));
            });
        RespConnection connection = connect(peer)) {
      List<CollectingSink> sinks = new ArrayList<>();
      List<CompletableFuture<Boolean>> hits = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        for (int length : lengths) {
          CollectingSink sink = new CollectingSink();
          sinks.add(sink);
          hits.add(connection.get(Command.of("KV.GET").arg(length), sink, Patience.limitMs()));
        }
      }
      for (int i = 0; i < sinks.size(); i++) {
        int length = lengths.get(i % lengths.size());
        assertThat(hits.get(i).get()).isTrue();
        assertThat(sinks.get(i).bytes()).isEqualTo(Blocks.bytes(length, length));
        BlockHeader header = Objects.requireNonNull(sinks.get(i).header);
        assertThat(header.metadata()).isEqualTo(ascii("meta " + length));
        assertThat(header.id()).isEqualTo(new PutToken(0x1f, 0x2a));
        assertThat(sinks.get(i).arrived).hasSize(Limits.chunks(length));
      }
    }
  }

  @Test
  void aBlockThatArrivesInDribletsIsWhole() throws Exception {
    byte[] value = Blocks.bytes((2 << 20) + 12_345, 7);
    byte[] reply = Blocks.reply(value, "m");
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) -> {
              for (int from = 0, step = 1; from < reply.length; from += step) {
                step = Math.min(reply.length - from, from < 300 ? 1 : 1 + from % 70_000);
                out.write(reply, from, step);
                out.flush();
              }
            });
        RespConnection connection = connect(peer)) {
      CollectingSink sink = new CollectingSink();
      assertThat(connection.get(Command.of("KV.GET").arg("k"), sink, Patience.limitMs()).get())
          .isTrue();
      assertThat(sink.bytes()).isEqualTo(value);
    }
  }

  @Test
  void missesErrorsAndBrokenOffBlocksLeaveTheConnectionInStep() throws Exception {
    byte[] value = Blocks.bytes(3 << 20, 3);
    Map<String, byte[]> answers =
        Map.of(
            "null2",
            ascii("$-1\r\n"),
            "null3",
            ascii("_\r\n"),
            "nullArray",
            ascii("*-1\r\n"),
            "error",
            ascii("-TRYAGAIN slot 7 is syncing\r\n"),
            "brokenOff",
            Blocks.reply(value, "", 1),
            "pushThenHit",
            concat(ascii(">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n"), Blocks.reply(value, "")));
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) -> out.write(answers.get(command.get(1))));
        RespConnection connection = connect(peer)) {
      CollectingSink unused = new CollectingSink();
      var null2 = connection.get(Command.of("KV.GET").arg("null2"), unused, Patience.limitMs());
      var null3 = connection.get(Command.of("KV.GET").arg("null3"), unused, Patience.limitMs());
      var nullArray =
          connection.get(Command.of("KV.GET").arg("nullArray"), unused, Patience.limitMs());
      var error = connection.get(Command.of("KV.GET").arg("error"), unused, Patience.limitMs());
      CollectingSink broken = new CollectingSink();
      var brokenOff =
          connection.get(Command.of("KV.GET").arg("brokenOff"), broken, Patience.limitMs());
      CollectingSink whole = new CollectingSink();
      var hit = connection.get(Command.of("KV.GET").arg("pushThenHit"), whole, Patience.limitMs());
      assertThat(null2.get()).isFalse();
      assertThat(null3.get()).isFalse();
      assertThat(nullArray.get()).isFalse();
      assertThat(unused.header).isNull();
      assertThatThrownBy(error::get).hasRootCauseInstanceOf(RespErrorException.class);
      assertThat(brokenOff.get()).isFalse();
      assertThat(broken.reason).isEqualTo("MISS gone");
      assertThat(broken.arrived).containsExactly(0);
      assertThat(hit.get()).isTrue();
      assertThat(whole.bytes()).isEqualTo(value);
    }
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  @Test
  void aSinkThatThrowsFailsItsOwnRequestOnly() throws Exception {
    byte[] value = Blocks.bytes((2 << 20) + 5, 4);
    try (ScriptedPeer peer = ScriptedPeer.answering(Blocks.reply(value, ""));
        RespConnection connection = connect(peer)) {
      var atBegin =
          connection.get(
              Command.of("KV.GET").arg("k"),
              new CollectingSink() {
                @Override
                public CompletionStage<Void> begin(BlockHeader given) {
                  throw new IllegalStateException("no memory");
                }
              },
              Patience.limitMs());
      var atBeginLater =
          connection.get(
              Command.of("KV.GET").arg("k"),
              new CollectingSink() {
                @Override
                public CompletionStage<Void> begin(BlockHeader given) {
                  return CompletableFuture.failedFuture(new IllegalStateException("no memory"));
                }
              },
              Patience.limitMs());
      var atChunk =
          connection.get(
              Command.of("KV.GET").arg("k"),
              new CollectingSink() {
                @Override
                public void arrived(int chunkIndex) {
                  throw new IllegalStateException("bad checksum");
                }
              },
              Patience.limitMs());
      CollectingSink sound = new CollectingSink();
      var hit = connection.get(Command.of("KV.GET").arg("k"), sound, Patience.limitMs());
      assertThatThrownBy(atBegin::get).hasRootCauseMessage("no memory");
      assertThatThrownBy(atBeginLater::get).hasRootCauseMessage("no memory");
      assertThatThrownBy(atChunk::get).hasRootCauseMessage("bad checksum");
      assertThat(hit.get()).isTrue();
      assertThat(sound.bytes()).isEqualTo(value);
    }
  }

  @Test
  void readingWaitsForTheSinksMemory() throws Exception {
    byte[] value = Blocks.bytes((3 << 20) + 9, 5);
    CompletableFuture<Void> permit = new CompletableFuture<>();
    CompletableFuture<Void> asked = new CompletableFuture<>();
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) ->
                out.write(
                    command.get(1).equals("empty")
                        ? Blocks.reply(new byte[0], "")
                        : Blocks.reply(value, "")));
        RespConnection connection = connect(peer)) {
      CollectingSink patient =
          new CollectingSink() {
            @Override
            public CompletionStage<Void> begin(BlockHeader given) {
              var ready = super.begin(given);
              asked.complete(null);
              return permit.thenCompose(granted -> ready);
            }
          };
      var first = connection.get(Command.of("KV.GET").arg("k"), patient, Patience.limitMs());
      CollectingSink next = new CollectingSink();
      var second = connection.get(Command.of("KV.GET").arg("k"), next, Patience.limitMs());
      Patience.get(asked);
      assertThat(first.isDone() || second.isDone()).isFalse();
      permit.complete(null);
      assertThat(first.get()).isTrue();
      assertThat(second.get()).isTrue();
      assertThat(patient.bytes()).isEqualTo(value);
      assertThat(next.bytes()).isEqualTo(value);

      CompletableFuture<Void> late = new CompletableFuture<>();
      var empty =
          connection.get(
              Command.of("KV.GET").arg("empty"),
              new CollectingSink() {
                @Override
                public CompletionStage<Void> begin(BlockHeader given) {
                  late.completeAsync(() -> null);
                  return late;
                }
              },
              Patience.limitMs());
      assertThat(empty.get()).isTrue();
    }
  }

  @Test
  void aPeerThatNeverAnswersTimesOutWithinTheDeadlineAndHurtsNoOtherConnection() throws Exception {
    try (ScriptedPeer silent = new ScriptedPeer((command, out) -> {});
        ScriptedPeer sound = ScriptedPeer.answering(ascii("+PONG\r\n"));
        RespConnection stuck = connect(silent);
        RespConnection healthy = connect(sound)) {
      long start = System.nanoTime();
      var patient = stuck.send(Command.of("PING"), Patience.limitMs());
      var hurried = stuck.send(Command.of("PING"), 300);
      assertThatThrownBy(hurried::get).hasRootCauseInstanceOf(RespTimeoutException.class);
      assertThatThrownBy(patient::get).hasCauseInstanceOf(RespClosedException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(290));
      assertThat(stuck.isOpen()).isFalse();
      Patience.get(stuck.closed());
      assertThat(healthy.send(Command.of("PING"), Patience.limitMs()).get()).isEqualTo(Reply.PONG);
      assertThatThrownBy(() -> stuck.send(Command.of("PING"), Patience.limitMs()).get())
          .hasCauseInstanceOf(RespClosedException.class);
    }
  }

  @Test
  void aReplyThatStopsHalfWayTimesOut() throws Exception {
    byte[] reply = Blocks.reply(Blocks.bytes(2 << 20, 6), "");
    try (ScriptedPeer peer =
            new ScriptedPeer((command, out) -> out.write(reply, 0, reply.length / 2));
        RespConnection connection = connect(peer)) {
      var stalled = connection.get(Command.of("KV.GET").arg("k"), new CollectingSink(), 300);
      assertThatThrownBy(stalled::get).hasCauseInstanceOf(RespTimeoutException.class);
    }
  }

  @Test
  void aConnectionThatEndsFailsEverythingInFlight() throws Exception {
    CompletableFuture<Void> got = new CompletableFuture<>();
    try (ScriptedPeer peer = new ScriptedPeer((command, out) -> got.complete(null));
        RespConnection connection = connect(peer)) {
      ByteBuf payload = direct(Blocks.bytes(8 << 20, 1));
      var ping = connection.send(Command.of("PING"), Patience.limitMs());
      got.get();
      var put =
          connection.send(Command.of("SET").arg("k").payload(List.of(payload)), Patience.limitMs());
      peer.dropConnections();
      assertThatThrownBy(ping::get).hasCauseInstanceOf(RespClosedException.class);
      assertThatThrownBy(put::get).hasCauseInstanceOf(RespClosedException.class);
      Patience.get(connection.closed());
      org.awaitility.Awaitility.await().until(() -> payload.refCnt() == 0);
    }
  }

  @Test
  void requestsInFlightAreBounded() throws Exception {
    try (ScriptedPeer silent = new ScriptedPeer((command, out) -> {});
        RespConnection connection = connect(silent, ConnectionOptions.DEFAULTS.withMaxPending(2))) {
      var first = connection.send(Command.of("PING"), Patience.limitMs());
      var second = connection.send(Command.of("PING"), Patience.limitMs());
      ByteBuf payload = direct(new byte[10]);
      var third =
          connection.send(Command.of("SET").arg("k").payload(List.of(payload)), Patience.limitMs());
      assertThatThrownBy(third::get).hasMessageContaining("maxPending");
      assertThat(payload.refCnt()).isZero();
      assertThat(first.isDone() || second.isDone()).isFalse();
    }
  }

  @Test
  void whatIsNotRespClosesTheConnection() throws Exception {
    for (String nonsense :
        List.of("HTTP/1.1 400\r\n", "$99999999\r\n", "*1000000\r\n", ":12x\r\n", "+A\r\n+B\r\n")) {
      try (ScriptedPeer peer = ScriptedPeer.answering(ascii(nonsense));
          RespConnection connection = connect(peer)) {
        var reply = connection.send(Command.of("PING"), Patience.limitMs());
        Patience.get(connection.closed());
        if (!nonsense.startsWith("+")) {
          assertThatThrownBy(reply::get).hasCauseInstanceOf(RespException.class);
        }
      }
    }
  }

  @Test
  void anUnreachablePeerIsAnErrorThatNamesIt() throws IOException {
    int port;
    try (ScriptedPeer gone = ScriptedPeer.answering(new byte[0])) {
      port = gone.port();
    }
    assertThatThrownBy(() ->
            RespConnection.connect(group, "127.0.0.1", port, ConnectionOptions.DEFAULTS).get())
        .hasCauseInstanceOf(RespClosedException.class)
        .hasMessageContaining("127.0.0.1:" + port);
  }
}
