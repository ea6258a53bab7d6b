package io.larder.node.server;

import static io.larder.node.server.ServerHarness.randomBytes;
import static io.larder.node.server.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.faults.ByteCounter;
import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.node.server.ServerConfig.PlainSessions;
import io.larder.node.server.ServerConfig.Waits;
import io.larder.node.server.ServerHarness.Raw;
import io.larder.node.service.PutOptions;
import io.larder.node.service.Refusal;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that counts bytes and never connects again stays in step, whatever happens. */
class PlainSessionsTest {
  private static final int PATIENCE_MS = 120_000;
  private static final int LENGTH = 4096;
  private static final List<Refusal> CAUSES =
      Arrays.stream(Refusal.values()).filter(cause -> !cause.isTold()).toList();

  @ParameterizedTest
  @EnumSource(Reading.class)
  void noCauseOfAnyErrorPutsAByteCounterOutOfStep(Reading reading) throws IOException {
    try (ServerHarness node = new ServerHarness();
        ByteCounter client = ByteCounter.connect("127.0.0.1", node.port(), reading, PATIENCE_MS)) {
      byte[] into = new byte[LENGTH];
      for (Refusal cause : CAUSES) {
        byte[] value = randomBytes(LENGTH, CAUSES.indexOf(cause));
        assertThat(client.set("kept-" + cause, value)).isEqualTo(Outcome.YES);
        node.service.refuse(cause);
        assertThat(client.set("dropped-" + cause, into)).as("SET").isEqualTo(Outcome.YES);
        assertThat(client.exists("kept-" + cause)).as("EXISTS").isEqualTo(Outcome.NO);
        assertThat(client.delete("kept-" + cause)).as("DEL").isEqualTo(Outcome.NO);
        assertThat(client.get("kept-" + cause, into)).as("GET").isEqualTo(Outcome.NO);
        node.service.refuse(null);
        assertThat(client.get("kept-" + cause, into)).isEqualTo(Outcome.YES);
        assertThat(into).isEqualTo(value);
        assertThat(client.exists("dropped-" + cause)).isEqualTo(Outcome.NO);
        assertThat(dropped(node, cause)).isEqualTo(1);
      }
      assertThat(client.nils()).isEqualTo(CAUSES.size());
    }
  }

  @Test
  void everyCommandOnKeysHasAnAnswerThatACacheMayGive() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      for (Refusal cause : CAUSES) {
        node.service.refuse(cause);
        client
            .ask("+OK\r\n", "SET", "k", "v", "EX", "60")
            .ask("$-1\r\n", "SET", "k", "v", "PX", "1000", "nx")
            .ask("$-1\r\n", "GET", "k")
            .ask("*2\r\n$-1\r\n$-1\r\n", "MGET", "k", "l")
            .ask(":0\r\n", "EXISTS", "k", "l")
            .ask(":0\r\n", "DEL", "k")
            .ask(":0\r\n", "UNLINK", "k", "l")
            .ask(":0\r\n", "STRLEN", "k")
            .ask(":-2\r\n", "TTL", "k")
            .ask(":-2\r\n", "PTTL", "k");
      }
    }
  }

  @Test
  void aKeyThatNoValueCanHaveIsAMiss() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      for (String key : List.of("", "k".repeat(1025))) {
        client
            .ask("+OK\r\n", "SET", key, "v")
            .ask("$-1\r\n", "SET", key, "v", "NX")
            .ask("$-1\r\n", "GET", key)
            .ask("*3\r\n$-1\r\n$-1\r\n$-1\r\n", "MGET", "a", key, "b")
            .ask(":0\r\n", "EXISTS", key)
            .ask(":0\r\n", "DEL", key)
            .ask(":-2\r\n", "TTL", key);
      }
      assertThat(dropped(node, Refusal.TOO_LARGE)).isEqualTo(4);
    }
  }

  @Test
  void aValueThatTheNodeCannotTakeIsReadPastAndDropped() throws IOException {
    byte[] tooLarge = new byte[ServerHarness.MAX_VALUE_BYTES + 1];
    byte[] larger = new byte[40 << 20]; // than the pool
    try (ServerHarness node = new ServerHarness(ServerHarness.config(), 32 << 20);
        ByteCounter client =
            ByteCounter.connect("127.0.0.1", node.port(), Reading.BY_COUNT, PATIENCE_MS)) {
      assertThat(client.set("k", tooLarge)).isEqualTo(Outcome.YES);
      assertThat(client.set("k", larger)).isEqualTo(Outcome.YES);
      assertThat(client.exists("k")).isEqualTo(Outcome.NO);
      assertThat(dropped(node, Refusal.TOO_LARGE)).isEqualTo(2);
    }
  }

  @Test
  void whatIsWaitedForInVainIsDroppedOrMissed() throws IOException {
    ServerConfig config = ServerHarness.config().withWaits(new Waits(60_000, 60_000, 50, 100));
    try (ServerHarness node = new ServerHarness(config, 32 << 20);
        Raw hog = node.connect();
        ByteCounter client =
            ByteCounter.connect("127.0.0.1", node.port(), Reading.BY_COUNT, PATIENCE_MS)) {
      CompletableFuture<Void> writer = node.service.hold("held");
      assertThat(client.set("held", new byte[LENGTH])).isEqualTo(Outcome.YES);
      assertThat(dropped(node, Refusal.HELD)).isEqualTo(1);
      writer.complete(null);

      CompletableFuture<Void> never = node.service.slow("slow");
      assertThat(client.get("slow", new byte[LENGTH])).isEqualTo(Outcome.NO);
      never.complete(null);

      hog.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$" + (20 << 20) + "\r\nx");
      Awaitility.await().until(() -> node.pool.usedBytes() >= 20 << 20);
      assertThat(client.set("big", new byte[20 << 20])).isEqualTo(Outcome.YES);
      assertThat(dropped(node, Refusal.NO_MEMORY)).isEqualTo(1);
      assertThat(client.exists("big")).isEqualTo(Outcome.NO);
    }
  }

  @Test
  void droppedPutsAreCountedByReason() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      node.service.refuse(Refusal.UNSETTLED);
      client.ask("+OK\r\n", "SET", "a", "v").ask("+OK\r\n", "SET", "b", "v");
      node.service.refuse(Refusal.OWNER_AWAY);
      client.ask("+OK\r\n", "SET", "c", "v").send(request("INFO", "stats"));
      StringBuilder info = new StringBuilder();
      for (String line = ""; !line.startsWith("puts_dropped_unsettled"); ) {
        line = client.line();
        info.append(line).append('\n');
      }
      assertThat(info.toString())
          .contains("puts_dropped:3\n", "puts_dropped_owner_away:1\n", "puts_dropped_unsettled:2\n")
          .doesNotContain("puts_dropped_held");
      assertThat(
              node.registry
                  .get("larder.command")
                  .tags("command", "set", "outcome", "dropped")
                  .functionTimer()
                  .count())
          .isEqualTo(3);
    }
  }

  @Test
  void infoCountsWhatOtherNodesHaveNotHeardOfYet() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      client.send(request("INFO", "stats"));
      StringBuilder info = new StringBuilder();
      for (String line = ""; !line.startsWith("puts_dropped"); ) {
        line = client.line();
        info.append(line).append('\n');
      }
      assertThat(info.toString())
          .contains(
              "larder_deletes_noted:5\n",
              "larder_deletes_notes_dropped:7\n",
              "larder_puts_withdrawn:11\n");
    }
  }

  @Test
  void whoeverSentHelloOrClientReadsEveryErrorAndStays() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      client.ask("+OK\r\n", "CLIENT", "SETNAME", "n");
      for (Refusal cause : Refusal.values()) {
        node.service.refuse(cause);
        String error = "-TRYAGAIN refused on purpose: " + cause + "\r\n";
        client
            .ask(error, "SET", "k", "v")
            .ask(error, "GET", "k")
            .ask("*2\r\n" + error + error, "MGET", "k", "l")
            .ask(error, "EXISTS", "k")
            .ask(error, "DEL", "k")
            .ask(error, "STRLEN", "k")
            .ask(error, "TTL", "k");
      }
      node.service.refuse(null);
      client.ask(":0\r\n", "EXISTS", "k");
      assertThat(CAUSES).allSatisfy(cause -> assertThat(dropped(node, cause)).isZero());
    }
  }

  @Test
  void whereSoConfiguredThePlainSessionIsToldAndClosed() throws IOException {
    ServerConfig config = ServerHarness.config().withPlainSessions(PlainSessions.CLOSE);
    try (ServerHarness node = new ServerHarness(config, 64 << 20)) {
      node.service.refuse(Refusal.OWNER_AWAY);
      for (String command : List.of("GET", "EXISTS", "DEL", "STRLEN", "TTL")) {
        try (Raw client = node.connect()) {
          client.ask("-TRYAGAIN refused on purpose: OWNER_AWAY\r\n", command, "k").expectEnd();
        }
      }
      try (Raw client = node.connect()) {
        client
            .ask("-ERR unknown command 'NOPE', with 0 arguments\r\n", "NOPE")
            .ask("-TRYAGAIN refused on purpose: OWNER_AWAY\r\n", "SET", "k", "v")
            .expectEnd();
      }
      assertThat(dropped(node, Refusal.OWNER_AWAY)).isZero();
    }
  }

  @Test
  void anErrorToACommandThatNoByteCounterSendsLeavesThePlainSessionOpen() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      client
          .ask("-ERR unknown command 'FLUSHALL', with 0 arguments\r\n", "FLUSHALL")
          .send(request("KV.LEASE", "9", "a"))
          .expect("-ERR KV.LEASE's numkeys is 9")
          .line();
      client.ask("+PONG\r\n", "PING");
    }
  }

  @Test
  void onlyAPlainSessionsPutMayBeDroppedAndOnlyItsDeleteIsTriedAgain() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      client.ask("+OK\r\n", "SET", "a", "v").ask(":1\r\n", "DEL", "a");
      PutOptions plain = Objects.requireNonNull(node.service.putOptions);
      assertThat(plain.droppable()).isTrue();
      assertThat(plain.settleMs()).isEqualTo(Waits.DEFAULT.plainSetMs());
      assertThat(node.service.deleteRetryMs).isEqualTo(Waits.DEFAULT.plainSetMs());
      client.ask("+OK\r\n", "CLIENT", "SETNAME", "n");
      client.ask("+OK\r\n", "SET", "b", "v").ask(":1\r\n", "DEL", "b");
      PutOptions known = Objects.requireNonNull(node.service.putOptions);
      assertThat(known.droppable()).isFalse();
      assertThat(known.settleMs()).isEqualTo(Waits.DEFAULT.setMs());
      assertThat(node.service.deleteRetryMs).isZero();
    }
  }

  private static double dropped(ServerHarness node, Refusal reason) {
    return node.registry
        .get("larder.puts.dropped")
        .tag("reason", reason.name().toLowerCase(Locale.ROOT))
        .counter()
        .count();
  }
}
