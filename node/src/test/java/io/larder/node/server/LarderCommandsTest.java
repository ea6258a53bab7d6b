package io.larder.node.server;

import static io.larder.node.server.ServerHarness.randomBytes;
import static io.larder.node.server.ServerHarness.request;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.larder.node.server.ServerHarness.Raw;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Larder's own commands as the wire reference frames them. */
class LarderCommandsTest {
  private static final int CHUNK = 1 << 20;

  private ServerHarness node;
  private Raw client;

  @BeforeEach
  void start() throws IOException {
    node = new ServerHarness();
    client = node.connect();
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    node.close();
  }

  @Test
  void aBlockIsFramedInChunksWithTheCrcOfEach() throws IOException {
    byte[] value = randomBytes(2 * CHUNK + 5, 1);
    String crcs =
        crc(Arrays.copyOfRange(value, 0, CHUNK))
            + crc(Arrays.copyOfRange(value, CHUNK, 2 * CHUNK))
            + crc(Arrays.copyOfRange(value, 2 * CHUNK, value.length));
    client
        .send("*8\r\n$6\r\nKV.PUT\r\n$1\r\nk\r\n$4\r\nMETA\r\n$5\r\nshape\r\n$3\r\nCRC\r\n")
        .send("$12\r\n" + crcs + "\r\n$5\r\nVALUE\r\n$" + value.length + "\r\n")
        .send(value)
        .send("\r\n")
        .expect("+STORED\r\n");
    client
        .send(request("KV.GET", "k"))
        .expect("*8\r\n$3\r\n1-1\r\n$5\r\nshape\r\n$12\r\n" + crcs + "\r\n+HOT\r\n:2097157\r\n")
        .expect("$1048576\r\n")
        .expect(Arrays.copyOfRange(value, 0, CHUNK))
        .expect("\r\n$1048576\r\n")
        .expect(Arrays.copyOfRange(value, CHUNK, 2 * CHUNK))
        .expect("\r\n$5\r\n")
        .expect(Arrays.copyOfRange(value, 2 * CHUNK, value.length))
        .expect("\r\n");
    client
        .ask("$-1\r\n", "KV.GET", "none")
        .ask("+EXISTS\r\n", "KV.PUT", "k", "VALUE", "other")
        .ask("+STORED\r\n", "KV.PUT", "empty", "VALUE", "")
        .send(request("PEER.GET", "empty"))
        .expect("*5\r\n$3\r\n1-3\r\n$0\r\n\r\n$0\r\n\r\n+HOT\r\n:0\r\n");
  }

  @Test
  void theSmallCommandsAnswerAsTheWireReferenceSays() throws IOException {
    client
        .ask("+STORED\r\n", "KV.PUT", "a", "TOKEN", "1a-2b", "VALUE", "v")
        .ask("*2\r\n$6\r\nEXISTS\r\n$12\r\nGRANTED 1a-1\r\n", "KV.LEASE", "2", "a", "b")
        .ask("+STORED\r\n", "KV.COMMIT", "a", "1a-2b")
        .ask("+EXISTS\r\n", "KV.COMMIT", "a", "1a-2c")
        .ask("+ABSENT\r\n", "KV.COMMIT", "b", "1a-1")
        .ask(":1\r\n", "KV.ABORT", "b", "1a-1")
        .ask(":1\r\n", "KV.PREFIX", "a", "b", "a")
        .ask(
            "*2\r\n*3\r\n$2\r\nn1\r\n$14\r\n127.0.0.1:7001\r\n$4\r\nbeef\r\n$-1\r\n",
            "KV.LOCATE",
            "a",
            "b")
        .ask(":1\r\n", "KV.PIN", "a")
        .ask(":0\r\n", "KV.UNPIN", "b")
        .ask("*2\r\n$1\r\nx\r\n$1\r\ny\r\n", "peer.echo", "x", "y")
        .ask("-ERR unknown command 'PEER.NOPE'\r\n", "PEER.NOPE");
  }

  @Test
  void badArgumentsOfOurOwnCommandsAreNamed() throws IOException {
    client
        .send(request("KV.LEASE", "3", "a"))
        .expect("-ERR KV.LEASE's numkeys is 3 and 1 arguments follow")
        .line();
    client
        .send(request("KV.LEASE", "2", "a", "b", "WAIT", "5"))
        .expect("-ERR KV.LEASE waits for one key only")
        .line();
    client
        .send(request("KV.COMMIT", "a", "nonsense"))
        .expect("-ERR 'nonsense' is not a put token")
        .line();
    client
        .send(request("KV.PUT", "a", "COLOUR", "red", "VALUE", "v"))
        .expect("-ERR syntax error: KV.PUT takes META")
        .line();
    client
        .send(request("KV.PUT", "a", "META", "m", "v"))
        .expect("-ERR syntax error: KV.PUT ends with VALUE payload")
        .line();
  }

  @Test
  void repliesStayInOrderWhenALaterReadIsFasterThanAnEarlierOne() throws IOException {
    client.ask("+OK\r\n", "SET", "slow", "s").ask("+OK\r\n", "SET", "fast", "f");
    CompletableFuture<Void> until = node.service.slow("slow");
    client.send(request("KV.GET", "slow") + request("KV.GET", "fast") + request("PING"));
    try (Raw other = node.connect()) {
      other.ask("$1\r\nf\r\n", "GET", "fast"); // others are served meanwhile
    }
    until.complete(null);
    client.send(request("ECHO", "end"));
    for (String value : new String[] {"s", "f"}) {
      String line = client.line();
      while (!line.equals(":1")) {
        line = client.line();
      }
      client.expect("$1\r\n" + value + "\r\n");
    }
    client.expect("+PONG\r\n$3\r\nend\r\n");
  }

  @Test
  void setWaitsForTheWriterOfTheKeyAndSaysOkWhenItHasCommitted() throws IOException {
    CompletableFuture<Void> writer = node.service.hold("k");
    client.send(request("SET", "k", "v"));
    try (Raw other = node.connect()) {
      other.ask("*1\r\n$4\r\nHELD\r\n", "KV.LEASE", "1", "k");
      other.ask("+HELD\r\n", "KV.PUT", "k", "WAIT", "20", "VALUE", "v");
    }
    writer.complete(null);
    client.expect("+OK\r\n").ask("$1\r\nv\r\n", "GET", "k");
  }

  @Test
  void setOfAKeyThatStaysHeldIsToldThatItHasBeenWaitedFor() throws IOException {
    try (ServerHarness hasty = new ServerHarness(hasty(1_000), 4 << 20);
        Raw other = hasty.connect()) {
      hasty.service.hold("k");
      other
          .ask("+OK\r\n", "CLIENT", "SETNAME", "patient")
          .send(request("SET", "k", "v"))
          .expect(
              "-TIMEOUT another client has been writing this key for 50 ms: try again later\r\n")
          .ask("+PONG\r\n", "PING");
    }
  }

  @Test
  void aCommandTheNodeNeverAnswersIsAnsweredWithAnError() throws IOException {
    try (ServerHarness hasty = new ServerHarness(hasty(100), 4 << 20);
        Raw other = hasty.connect()) {
      CompletableFuture<Void> never = hasty.service.slow("k");
      other
          .send(request("KV.GET", "k"))
          .expect("-TIMEOUT the node has not answered within 100 ms: try again later\r\n")
          .ask("+PONG\r\n", "PING");
      never.complete(null);
    }
  }

  private static ServerConfig hasty(long commandMs) {
    return ServerHarness.config().withWaits(new ServerConfig.Waits(1_000, 50, 50, commandMs));
  }

  private static String crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return new String(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array(), ISO_8859_1);
  }
}
