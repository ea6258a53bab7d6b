package io.larder.node.server;

import static io.larder.node.server.ServerHarness.randomBytes;
import static io.larder.node.server.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.server.ServerHarness.Raw;
import io.larder.node.service.Refusal;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** MULTI queues, EXEC runs, and nothing that is queued is kept for longer than it may be. */
class TransactionTest {
  private static final int MIB = 1 << 20;
  private static final String ABORTED =
      "-EXECABORT Transaction discarded because of previous errors.\r\n";

  private ServerHarness node;
  private Raw client;

  @BeforeEach
  void start() throws IOException {
    node = new ServerHarness();
    client = node.connect();
    client.ask("+OK\r\n", "CLIENT", "SETNAME", "n");
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    node.close();
  }

  @Test
  void whatIsQueuedRunsInOrderAndIsAnsweredAsOneArray() throws IOException {
    client
        .ask("+OK\r\n", "MULTI")
        .ask("+QUEUED\r\n", "SET", "k", "v", "EX", "100")
        .ask("+QUEUED\r\n", "GET", "k")
        .ask("+QUEUED\r\n", "KV.PUT", "l", "VALUE", "w")
        .ask("+QUEUED\r\n", "MGET", "k", "none", "l")
        .ask("+QUEUED\r\n", "DEL", "k")
        .ask("+QUEUED\r\n", "EXISTS", "k")
        .ask("+QUEUED\r\n", "UNWATCH")
        .ask("+QUEUED\r\n", "PING");
    assertThat(node.service.localKeyCount()).isZero();
    assertThat(node.service.openPuts).hasValue(0);
    client
        .ask(
            "*8\r\n+OK\r\n$1\r\nv\r\n+STORED\r\n*3\r\n$1\r\nv\r\n$-1\r\n$1\r\nw\r\n:1\r\n:0\r\n+OK\r\n+PONG\r\n",
            "EXEC")
        .ask("$-1\r\n", "GET", "k")
        .ask("+OK\r\n", "MULTI")
        .ask("*0\r\n", "EXEC");
  }

  @Test
  void sixteenLargeValuesAreQueuedStoredAndReadBack() throws IOException {
    byte[] value = randomBytes(4 * MIB, 1);
    client.ask("+OK\r\n", "MULTI");
    for (int i = 10; i < 26; i++) {
      client
          .send("*3\r\n$3\r\nSET\r\n$3\r\nk" + i + "\r\n$" + value.length + "\r\n")
          .send(value)
          .send("\r\n")
          .expect("+QUEUED\r\n");
    }
    assertThat(node.pool.usedBytes()).isEqualTo(64L * MIB);
    client.ask("*16\r\n" + "+OK\r\n".repeat(16), "EXEC").ask("+OK\r\n", "MULTI");
    for (int i = 10; i < 26; i++) {
      client.ask("+QUEUED\r\n", "GET", "k" + i);
    }
    client.send(request("EXEC")).expect("*16\r\n");
    for (int i = 10; i < 26; i++) {
      client.expect("$" + value.length + "\r\n").expect(value).expect("\r\n");
    }
  }

  @Test
  void anErrorInBetweenAbortsExec() throws IOException {
    client
        .ask("+OK\r\n", "MULTI")
        .ask("+QUEUED\r\n", "SET", "k", "v")
        .ask("-ERR wrong number of arguments for 'get' command\r\n", "GET");
    assertThat(node.pool.usedBytes()).isZero();
    client
        .ask("+QUEUED\r\n", "SET", "l", "v")
        .ask("+QUEUED\r\n", "KV.PUT", "l", "META", "m", "PX", "9", "VALUE", "v")
        .ask(ABORTED, "EXEC")
        .ask(":0\r\n", "EXISTS", "k", "l")
        .ask("+OK\r\n", "MULTI")
        .ask("-ERR unknown command 'NOPE', with 0 arguments\r\n", "NOPE")
        .ask(ABORTED, "EXEC")
        .ask("+OK\r\n", "MULTI")
        .ask("-ERR syntax error\r\n", "SET", "k", "v", "NONSENSE")
        .ask(ABORTED, "EXEC")
        .ask("+OK\r\n", "MULTI")
        .ask("-ERR Command not allowed inside a transaction\r\n", "HELLO", "3")
        .ask(ABORTED, "EXEC");
    client.ask("+OK\r\n", "MULTI").send(request("WATCH", "k")).expect("-ERR WATCH is not").line();
    client.ask(ABORTED, "EXEC").ask("+PONG\r\n", "PING");
  }

  @Test
  void anErrorOfOneCommandThatRunsIsThatCommandsReply() throws IOException {
    client
        .ask("+OK\r\n", "MULTI")
        .ask("+QUEUED\r\n", "SELECT", "x")
        .ask("+QUEUED\r\n", "SET", "k", "v")
        .ask("*2\r\n-ERR invalid DB index\r\n+OK\r\n", "EXEC");
  }

  @Test
  void execAndDiscardWithoutMultiAndMultiTwiceAreToldAsRedisTellsThem() throws IOException {
    client
        .ask("-ERR EXEC without MULTI\r\n", "EXEC")
        .ask("-ERR DISCARD without MULTI\r\n", "DISCARD")
        .ask("+OK\r\n", "MULTI")
        .ask("-ERR MULTI calls can not be nested\r\n", "MULTI")
        .ask("+OK\r\n", "DISCARD")
        .ask("+OK\r\n", "UNWATCH");
  }

  @Test
  void discardResetAndTheEndOfAConnectionGiveTheMemoryBack() throws IOException {
    queueAMebibyte(client).ask("+OK\r\n", "DISCARD");
    assertThat(node.pool.usedBytes()).isZero();
    queueAMebibyte(client).ask("+RESET\r\n", "RESET").ask("-ERR EXEC without MULTI\r\n", "EXEC");
    assertThat(node.pool.usedBytes()).isZero();
    try (Raw other = node.connect()) {
      queueAMebibyte(other);
      assertThat(node.pool.usedBytes()).isEqualTo(MIB);
    }
    Awaitility.await().until(() -> node.pool.usedBytes() == 0);
    client.ask(":0\r\n", "EXISTS", "k");
  }

  private static Raw queueAMebibyte(Raw on) throws IOException {
    return on.ask("+OK\r\n", "MULTI").ask("+QUEUED\r\n", "SET", "k", "v".repeat(MIB));
  }

  @Test
  void aTransactionThatIsNotExecutedInTimeGivesItsMemoryBackAndIsRefused() throws IOException {
    ServerConfig config =
        ServerHarness.config()
            .withPatience(new ServerConfig.Patience(0, 100, 5_000, 1 << 20, 30_000));
    try (ServerHarness hasty = new ServerHarness(config, 64 << 20);
        Raw silent = hasty.connect()) {
      silent.ask("+OK\r\n", "CLIENT", "SETNAME", "n");
      queueAMebibyte(silent);
      Awaitility.await().until(() -> hasty.pool.usedBytes() == 0);
      silent
          .send(request("SET", "k", "v"))
          .expect("-TIMEOUT the transaction was discarded, since EXEC did not come in time")
          .line();
      silent.ask(ABORTED, "EXEC").ask(":0\r\n", "EXISTS", "k");
    }
  }

  @Test
  void aTransactionHoldsNoMoreThanAQuarterOfThePoolAndAllTogetherHoldNoMore() throws IOException {
    try (ServerHarness small = new ServerHarness(ServerHarness.config(), 16 << 20);
        Raw first = small.connect();
        Raw second = small.connect()) {
      for (Raw each : new Raw[] {first, second}) {
        each.ask("+OK\r\n", "CLIENT", "SETNAME", "n");
      }
      first.ask("+OK\r\n", "MULTI");
      for (int i = 0; i < 4; i++) {
        first.ask("+QUEUED\r\n", "SET", "k" + i, "v".repeat(MIB));
      }
      second.ask("+OK\r\n", "MULTI").send(request("SET", "l", "v".repeat(MIB)));
      second.expect("-TRYAGAIN the transactions of all connections hold as much memory").line();
      second.ask(ABORTED, "EXEC");
      first
          .send(request("SET", "k4", "v"))
          .expect("-ERR a transaction holds at most 4194304 bytes of values on this node")
          .line();
      assertThat(small.pool.usedBytes()).isZero();
      first.ask(ABORTED, "EXEC");
      second
          .ask("+OK\r\n", "MULTI")
          .ask("+QUEUED\r\n", "SET", "l", "v".repeat(MIB))
          .ask("*1\r\n+OK\r\n", "EXEC");
    }
  }

  @Test
  void commandsBeyondTheBoundAreRefused() throws IOException {
    client.ask("+OK\r\n", "MULTI");
    String hundred = request("PING").repeat(256);
    for (int i = 0; i < 256; i++) {
      client.send(hundred).expect("+QUEUED\r\n".repeat(256));
    }
    client.send(request("PING")).expect("-ERR a transaction holds at most 65536 commands").line();
    client.ask(ABORTED, "EXEC");
  }

  @Test
  void commandsBehindExecWaitForItAndOthersDoNot() throws IOException {
    CompletableFuture<Void> until = node.service.slow("slow");
    client
        .ask("+OK\r\n", "MULTI")
        .ask("+QUEUED\r\n", "GET", "slow")
        .ask("+QUEUED\r\n", "SET", "k", "v")
        .send(request("EXEC") + request("GET", "k"));
    try (Raw other = node.connect()) {
      other.ask("$-1\r\n", "GET", "k");
    }
    until.complete(null);
    client.expect("*2\r\n$-1\r\n+OK\r\n$1\r\nv\r\n");
  }

  @Test
  void aConnectionThatEndsInMidExecGivesEverythingBack() throws IOException {
    CompletableFuture<Void> until = node.service.slow("slow");
    try (Raw other = node.connect()) {
      other.ask("+OK\r\n", "MULTI").ask("+QUEUED\r\n", "GET", "slow");
      other.ask("+QUEUED\r\n", "SET", "k", "v".repeat(MIB)).send(request("EXEC"));
      other.expect("*2\r\n");
    }
    Awaitility.await().until(() -> node.pool.usedBytes() == 0);
    until.complete(null);
    client.ask(":0\r\n", "EXISTS", "k");
  }

  @Test
  void aPlainSessionsTransactionAnswersItsCommandsAsItAnswersThemOutsideOfIt() throws IOException {
    try (Raw plain = node.connect()) {
      plain
          .ask("+OK\r\n", "MULTI")
          .ask("+QUEUED\r\n", "SET", "k", "v")
          .ask("+QUEUED\r\n", "GET", "k");
      node.service.refuse(Refusal.OWNER_AWAY);
      plain.ask("*2\r\n+OK\r\n$-1\r\n", "EXEC");
      node.service.refuse(null);
    }
  }
}
