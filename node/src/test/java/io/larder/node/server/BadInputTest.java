package io.larder.node.server;

import static io.larder.node.server.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.server.ServerHarness.Raw;
import java.io.IOException;
import java.net.SocketException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bad input gets a clear error, buffers nothing, and leaves the connection usable. */
class BadInputTest {
  private ServerHarness node;
  private Raw client;

  @BeforeEach
  void start() throws IOException {
    node = new ServerHarness();
    client = node.connect();
    client.ask("+OK\r\n", "CLIENT", "SETNAME", "patient");
  }

  @AfterEach
  void stop() throws IOException {
    client.ask("+PONG\r\n", "PING").close();
    node.close();
  }

  @Test
  void anUnknownCommandIsNamedAndItsArgumentsAreCounted() throws IOException {
    client
        .ask("-ERR unknown command 'foo', with 1 argument\r\n", "foo", "bar")
        .ask("-ERR unknown command 'foo', with 0 arguments\r\n", "foo")
        .ask(
            "-ERR unknown command 'SETEX', with 3 arguments\r\n",
            "SETEX",
            "k",
            "9",
            "x".repeat(1 << 20))
        .ask("-ERR unknown command '', with 1 argument\r\n", "n".repeat(65), "bar");
  }

  @Test
  void aWrongNumberOfArgumentsIsToldAsRedisTellsIt() throws IOException {
    client
        .ask("-ERR wrong number of arguments for 'get' command\r\n", "GET")
        .ask("-ERR wrong number of arguments for 'get' command\r\n", "get", "a", "b")
        .ask("-ERR wrong number of arguments for 'set' command\r\n", "SET", "a")
        .ask("-ERR wrong number of arguments for 'client|setname' command\r\n", "CLIENT", "SETNAME")
        .ask("-ERR unknown subcommand 'NOPE'. Try CLIENT HELP.\r\n", "CLIENT", "NOPE");
  }

  @Test
  void aKeyThatIsEmptyOrTooLongIsRefused() throws IOException {
    String tooLong = "k".repeat(1025);
    client
        .ask("-ERR key of 0 bytes: a key has 1 to 1024 bytes\r\n", "GET", "")
        .ask("-ERR key of 1025 bytes: a key has 1 to 1024 bytes\r\n", "SET", tooLong, "v")
        .ask("-ERR key of 1025 bytes: a key has 1 to 1024 bytes\r\n", "MGET", "a", tooLong, "b")
        .ask("-ERR key of 1025 bytes: a key has 1 to 1024 bytes\r\n", "KV.GET", tooLong)
        .ask("+OK\r\n", "SET", "k".repeat(1024), "v");
  }

  @Test
  void metadataOverTwoKibibytesIsRefused() throws IOException {
    client
        .ask(
            "-ERR metadata of 2049 bytes is larger than the maximum of 2048 bytes\r\n",
            "KV.PUT",
            "k",
            "META",
            "m".repeat(2049),
            "VALUE",
            "v")
        .ask("+STORED\r\n", "KV.PUT", "k", "META", "m".repeat(2048), "VALUE", "v");
  }

  @Test
  void aValueOverTheMaximumIsReadPastAndRefused() throws IOException {
    int tooLong = ServerHarness.MAX_VALUE_BYTES + 1;
    String error =
        "-ERR value of "
            + tooLong
            + " bytes is larger than this node's maximum of "
            + ServerHarness.MAX_VALUE_BYTES
            + " bytes\r\n";
    byte[] piece = new byte[1 << 20];
    client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + tooLong + "\r\n");
    for (int sent = 0; sent < tooLong; sent += piece.length) {
      client.send(tooLong - sent < piece.length ? new byte[tooLong - sent] : piece);
      assertThat(node.pool.usedBytes()).isZero();
    }
    client.send("\r\n").expect(error).ask("$-1\r\n", "GET", "k");
    assertThat(node.rejections("too_large")).isEqualTo(1);
  }

  @Test
  void aValueThatWillNotBeReadPastClosesTheConnectionAfterItsError() throws IOException {
    try (Raw other = node.connect()) {
      other
          .send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$600000000\r\nonly the beginning")
          .expect("-ERR value of 600000000 bytes is larger than this node's maximum of ")
          .line();
      other.expectEnd();
    }
  }

  @Test
  void aPlainSessionIsToldOfAMalformedRequestAndClosed() throws IOException {
    try (Raw lmCache = node.connect()) {
      lmCache.ask("-ERR syntax error\r\n", "SET", "k", "v", "NONSENSE").expectEnd();
    }
    client.ask("-ERR syntax error\r\n", "SET", "k", "v", "NONSENSE");
  }

  @Test
  void optionsOfSetThatWouldChangeAValueAreRefusedByName() throws IOException {
    for (String option : new String[] {"XX", "GET", "KEEPTTL", "EXAT"}) {
      client
          .send(request("SET", "k", "v", option))
          .expect("-ERR SET's option " + option + " is not supported")
          .line();
    }
    client
        .ask("-ERR invalid expire time in 'set' command\r\n", "SET", "k", "v", "EX", "0")
        .ask("-ERR value is not an integer or out of range\r\n", "SET", "k", "v", "PX", "soon")
        .ask("-ERR syntax error\r\n", "SET", "k", "v", "EX")
        .ask(":0\r\n", "EXISTS", "k");
  }

  @Test
  void aRequestOfTooManySmallArgumentsIsRefused() throws IOException {
    String[] tooMany = new String[65_537];
    Arrays.fill(tooMany, "k");
    tooMany[0] = "EXISTS";
    client.ask("-ERR request of 65537 arguments: the maximum is 65536\r\n", tooMany);
    String[] tooLarge = new String[2_100];
    Arrays.fill(tooLarge, "k".repeat(1000));
    tooLarge[0] = "EXISTS";
    client.ask("-ERR request of more than 2097152 bytes beside its payload\r\n", tooLarge);
  }

  @Test
  void aCrcThatDoesNotFitStoresNothing() throws IOException {
    client
        .send(request("KV.PUT", "k", "CRC", "abcd", "VALUE", "bytes"))
        .expect("-ERR the CRC32C of chunk 0 does not fit its bytes: nothing was stored")
        .line();
    client
        .send(request("KV.PUT", "k", "CRC", "abc", "VALUE", "bytes"))
        .expect("-ERR CRC of 3 bytes does not fit a value of 5 bytes")
        .line();
    client.ask(":0\r\n", "EXISTS", "k");
  }

  @Test
  void whoHasNotGivenThePasswordSaysNoMoreThanHelloTakes() throws IOException {
    try (ServerHarness guarded =
        new ServerHarness(ServerHarness.config().withPassword("pw"), 4 << 20)) {
      String[] many = new String[17];
      Arrays.fill(many, "");
      many[0] = "HELLO";
      try (Raw stranger = guarded.connect()) {
        stranger
            .ask("-ERR request of 17 arguments: the maximum is 16\r\n", many)
            .ask(
                "-ERR request of more than 16384 bytes beside its payload\r\n",
                "HELLO",
                "3",
                "AUTH",
                "default",
                "p".repeat(20_000))
            .ask("-NOAUTH Authentication required.\r\n", "PING")
            .send(request("HELLO", "2", "AUTH", "default", "pw"))
            .expect("*14\r\n");
      }
      try (Raw stranger = guarded.connect()) {
        stranger
            .ask(
                "-ERR request of more than 16384 bytes beside its payload\r\n",
                "AUTH",
                "p".repeat(20_000))
            .expectEnd();
      }
    }
  }

  @Test
  void whatIsNotRespGetsRedissErrorAndTheEnd() throws IOException {
    try (Raw other = node.connect()) {
      other.send("*1\r\n:5\r\n").expect("-ERR Protocol error: expected '$', got ':'\r\n");
      other.expectEnd();
    }
    assertThat(node.rejections("protocol")).isEqualTo(1);
  }

  @Test
  void aConnectionTooManyIsTurnedAwayWithRedissError() throws IOException {
    try (ServerHarness small =
            new ServerHarness(ServerHarness.config().withMaxConnections(1), 4 << 20);
        Raw first = small.connect().ask("+PONG\r\n", "PING");
        Raw second = small.connect()) {
      second.expect("-ERR max number of clients reached\r\n").expectEnd();
      first.ask("+PONG\r\n", "PING");
    } catch (SocketException e) {
      throw new AssertionError("the error must arrive before the reset", e);
    }
  }
}
