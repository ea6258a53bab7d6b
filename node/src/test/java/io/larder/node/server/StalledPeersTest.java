package io.larder.node.server;

import static io.larder.node.server.ServerHarness.randomBytes;
import static io.larder.node.server.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.server.ServerHarness.Raw;
import io.larder.node.service.ClientId;
import io.larder.testing.Patience;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A peer that stalls costs itself its connection and the others nothing. */
class StalledPeersTest {
  private static final int MIB = 1 << 20;

  @Test
  void aHalfSentPutDoesNotStopOthersAndIsClosed() throws IOException {
    ServerConfig config =
        ServerHarness.config()
            .withPatience(new ServerConfig.Patience(0, 1_000, 1_000, 1 << 20, 1_000));
    try (ServerHarness node = new ServerHarness(config, 64 << 20);
        Raw stalled = node.connect();
        Raw other = node.connect()) {
      stalled.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + 20 * MIB + "\r\nonly the beginning");
      Awaitility.await().until(() -> node.pool.usedBytes() >= 20 * MIB);
      other.ask("+OK\r\n", "SET", "o", "v").ask("$1\r\nv\r\n", "GET", "o");
      stalled.expectEnd();
      assertThat(node.rejections("slow_put")).isEqualTo(1);
      Awaitility.await().until(() -> node.pool.usedBytes() < MIB);
      other.ask(":0\r\n", "EXISTS", "k");
    }
  }

  @Test
  void aPutWaitsForMemoryWithoutBeingReadAndThenSucceeds() throws IOException {
    byte[] value = randomBytes(20 * MIB, 2);
    try (ServerHarness node = new ServerHarness(ServerHarness.config(), 32 << 20);
        Raw first = node.connect();
        Raw second = node.connect();
        Raw third = node.connect()) {
      second.ask("+OK\r\n", "CLIENT", "SETNAME", "patient");
      first.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$" + value.length + "\r\n").send(new byte[] {1});
      Awaitility.await().until(() -> node.pool.usedBytes() >= value.length);
      String head = "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$" + value.length + "\r\n";
      second.send(head).send(Arrays.copyOf(value, 8 << 10));
      Awaitility.await().until(() -> node.pool.waiting() == 1);
      third.ask("$-1\r\n", "GET", "b");
      first.close(); // gives its memory back
      second.send(Arrays.copyOfRange(value, 8 << 10, value.length)).send("\r\n");
      second.expect("+OK\r\n").send(request("GET", "b")).expect("$" + value.length + "\r\n");
      second.expect(value).expect("\r\n");
    }
  }

  @Test
  void aPutThatGetsNoMemoryIsToldToTryAgain() throws IOException {
    ServerConfig config =
        ServerHarness.config().withWaits(new ServerConfig.Waits(200, 50, 50, 1_000));
    try (ServerHarness node = new ServerHarness(config, 32 << 20);
        Raw first = node.connect();
        Raw second = node.connect()) {
      second.ask("+OK\r\n", "CLIENT", "SETNAME", "n");
      first.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$" + 20 * MIB + "\r\nx");
      Awaitility.await().until(() -> node.pool.usedBytes() >= 20 * MIB);
      byte[] value = randomBytes(20 * MIB, 3);
      second.send("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$" + value.length + "\r\n").send(value);
      second.send("\r\n").expect("-TIMEOUT no memory for a value of 20971520 bytes").line();
      second.ask("+PONG\r\n", "PING");
      assertThat(node.pool.waiting()).isZero();
    }
  }

  @Test
  void aReaderThatTakesNothingDoesNotStopOthersAndIsClosed() throws IOException {
    ServerConfig config =
        ServerHarness.config()
            .withPatience(new ServerConfig.Patience(0, 30_000, 5_000, 1 << 20, 1_000));
    byte[] value = randomBytes(40 * MIB, 4);
    try (ServerHarness node = new ServerHarness(config, 64 << 20);
        Raw stalled = node.connect();
        Raw other = node.connect()) {
      other
          .send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length + "\r\n")
          .send(value)
          .send("\r\n");
      other.expect("+OK\r\n");
      stalled.send(request("GET", "k") + request("GET", "k"));
      other.ask("+PONG\r\n", "PING");
      Awaitility.await().until(() -> node.rejections("slow_reader") == 1);
      other.ask(":1\r\n", "DEL", "k");
      Awaitility.await().until(() -> node.pool.usedBytes() == 0);
    }
  }

  @Test
  void aClientThatPipelinesWithoutReadingFillsNothingButItsOwnSocket() throws Exception {
    ServerConfig config =
        ServerHarness.config()
            .withPatience(new ServerConfig.Patience(0, 30_000, 5_000, 1 << 20, 2_000));
    try (ServerHarness node = new ServerHarness(config, 64 << 20);
        Raw greedy = node.connect();
        Raw other = node.connect()) {
      other.ask("+OK\r\n", "SET", "k", "v".repeat(16 << 10));
      Thread sending =
          Thread.ofPlatform()
              .start(() -> {
                byte[] gets = request("GET", "k").repeat(1_000).getBytes(StandardCharsets.US_ASCII);
                try {
                  for (int i = 0; i < 10_000; i++) {
                    greedy.send(gets); // 160 GB of replies if they were made
                  }
                } catch (IOException expected) {
                  // closed by the server, as it must be
                }
              });
      Patience.await(sending);
      Awaitility.await().until(() -> node.rejections("slow_reader") == 1);
      other.ask("+PONG\r\n", "PING");
    }
  }

  @Test
  void aRequestThatDripsIsClosed() throws IOException {
    ServerConfig config =
        ServerHarness.config()
            .withPatience(new ServerConfig.Patience(0, 1_000, 5_000, 1 << 20, 5_000));
    try (ServerHarness node = new ServerHarness(config, 4 << 20);
        Raw dripping = node.connect()) {
      dripping.send("*2\r\n$3\r\nGET\r\n$10\r\nabc").expectEnd();
      assertThat(node.rejections("slow_request")).isEqualTo(1);
    }
  }

  @Test
  void anIdleConnectionIsClosedIfSoConfigured() throws IOException {
    ServerConfig config =
        ServerHarness.config()
            .withPatience(new ServerConfig.Patience(1_000, 5_000, 5_000, 1 << 20, 5_000));
    try (ServerHarness node = new ServerHarness(config, 4 << 20);
        Raw idle = node.connect()) {
      idle.ask("+PONG\r\n", "PING").expectEnd();
      assertThat(node.rejections("idle")).isEqualTo(1);
    }
  }

  @Test
  void theNodeLearnsOfAClientThatHasGone() throws IOException {
    try (ServerHarness node = new ServerHarness()) {
      try (Raw client = node.connect()) {
        client.ask(":1\r\n", "CLIENT", "ID");
      }
      Awaitility.await().until(() -> node.service.gone.contains(new ClientId(1)));
      Awaitility.await().until(() -> node.server.connections() == 0);
    }
  }

  @Test
  void stoppingFinishesWhatIsInFlightThenCloses() throws Exception {
    byte[] value = randomBytes(8 * MIB, 5);
    try (ServerHarness node = new ServerHarness();
        Raw writing = node.connect();
        Raw idle = node.connect()) {
      idle.ask("+PONG\r\n", "PING");
      writing.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length + "\r\n");
      writing.send(Arrays.copyOf(value, MIB));
      Awaitility.await().until(() -> node.pool.usedBytes() >= value.length);
      Thread stopping = Thread.ofPlatform().start(() -> node.server.stop(Patience.limitMs()));
      idle.expectEnd();
      writing.send(Arrays.copyOfRange(value, MIB, value.length)).send("\r\n");
      writing.expect("+OK\r\n").expectEnd();
      Patience.await(stopping);
    }
  }
}
