package io.larder.node.server;

import static io.larder.node.server.ServerHarness.request;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.server.ServerHarness.Raw;
import org.junit.jupiter.api.Test;

/** Replies to the byte, as real clients expect them. */
class WireExactnessTest {

  @Test
  void lmCachesNativeClientGetsTheBytesItCompares() throws Exception {
    try (ServerHarness node =
            new ServerHarness(ServerHarness.config().withPassword("pw"), 64 << 20);
        Raw stranger = node.connect();
        Raw mistaken = node.connect();
        Raw client = node.connect()) {
      String key = "meta-llama/Llama-3.1-8B@8@3@6f1d2c@bfloat16";
      stranger.ask("-NOAUTH Authentication required.\r\n", "GET", key).expectEnd();
      mistaken
          .ask("-WRONGPASS invalid username-password pair or user is disabled.\r\n", "AUTH", "no")
          .expectEnd();
      client
          .ask("+OK\r\n", "AUTH", "pw")
          .ask("+OK\r\n", "AUTH", "default", "pw")
          .ask(":0\r\n", "EXISTS", key)
          .ask("$-1\r\n", "GET", key)
          .ask("+OK\r\n", "SET", key, "0123456789")
          .ask(":1\r\n", "EXISTS", key)
          .ask("$10\r\n0123456789\r\n", "GET", key)
          .ask("+OK\r\n", "SET", key, "another's") // live: told OK, not overwritten
          .ask("$10\r\n0123456789\r\n", "GET", key)
          .ask(":1\r\n", "DEL", key)
          .ask(":0\r\n", "DEL", key);
    }
  }

  @Test
  void redisPysHandshakeSucceeds() throws Exception {
    try (ServerHarness node =
            new ServerHarness(ServerHarness.config().withPassword("pw"), 64 << 20);
        Raw client = node.connect()) {
      client.ask(
          String.join(
              "\r\n",
              "%7 $6 server $5 redis $7 version $5 7.2.0 $5 proto :3 $2 id :1 $4 mode $10 standalone"
                  .replace(" ", "\r\n"),
              "$4 role $6 master $7 modules *0".replace(" ", "\r\n"),
              ""),
          "HELLO",
          "3",
          "AUTH",
          "default",
          "pw");
      client
          .ask(
              "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n",
              "CLIENT",
              "MAINT_NOTIFICATIONS",
              "ON",
              "moving-endpoint-type",
              "internal-ip")
          .ask("+OK\r\n", "CLIENT", "SETINFO", "LIB-NAME", "redis-py")
          .ask("+OK\r\n", "CLIENT", "SETINFO", "LIB-VER", "8.1.0")
          .ask("_\r\n", "GET", "K+metadata")
          .ask("+OK\r\n", "SET", "Kkv_bytes", "bytes")
          .ask("+OK\r\n", "SET", "Kmetadata", "m".repeat(28))
          .ask(
              "*3\r\n$5\r\nbytes\r\n_\r\n$28\r\n" + "m".repeat(28) + "\r\n",
              "MGET",
              "Kkv_bytes",
              "none",
              "Kmetadata");
    }
  }

  @Test
  void redisPyInClusterModeLearnsTheSlotTableAndTheCommands() throws Exception {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      client.ask(
          "*3\r\n"
              + slots(0, 5000, "127.0.0.1", 7001, "n1")
              + slots(5001, 9999, "127.0.0.2", 7002, "n2")
              + slots(10_000, 16_383, "127.0.0.1", 7001, "n1"), // whose owner is away
          "CLUSTER",
          "SLOTS");
      client.send(request("COMMAND", "COUNT"));
      String count = client.line().substring(1);
      client.send(request("COMMAND"));
      assertThat(client.line()).isEqualTo("*" + count);
    }
  }

  private static String slots(int first, int last, String host, int port, String nodeId) {
    return "*3\r\n:%d\r\n:%d\r\n*4\r\n$%d\r\n%s\r\n:%d\r\n$%d\r\n%s\r\n*0\r\n"
        .formatted(first, last, host.length(), host, port, nodeId.length(), nodeId);
  }

  @Test
  void glidesHandshakeSucceeds() throws Exception {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      client.send(request("HELLO", "3"));
      for (String line = ""; !line.equals("modules"); ) {
        line = client.line();
      }
      client
          .expect("*0\r\n")
          .ask("+OK\r\n", "SELECT", "0")
          .ask("+OK\r\n", "CLIENT", "SETNAME", "glide")
          .ask("$5\r\nglide\r\n", "CLIENT", "GETNAME")
          .ask("+OK\r\n", "SET", "k", "v", "EX", "60")
          .ask(":60\r\n", "TTL", "k")
          .send(request("INFO", "REPLICATION"));
      assertThat(client.line()).startsWith("$");
      assertThat(client.line()).isEqualTo("# Replication");
      assertThat(client.line()).isEqualTo("role:master");
    }
  }

  @Test
  void aConversationIsTheSameWhereverItIsCut() throws Exception {
    String sent =
        request("SET", "k", "v".repeat(40), "PX", "100000", "NX")
            + "get k\r\n"
            + request("SET", "k", "w", "NX")
            + request("SET", "", "w")
            + request("KV.PUT", "b", "META", "m", "WAIT", "5", "VALUE", "xyz")
            + request("KV.GET", "b")
            + request("NOPE", "a", "b")
            + request("SET", "k", "w", "KEEPTTL")
            + request("SET", "e", "")
            + request("MGET", "e", "zz", "k")
            + request("PING");
    String expected = converse(sent, sent.length());
    assertThat(expected)
        .startsWith("+OK\r\n$40\r\n" + "v".repeat(40) + "\r\n$-1\r\n-ERR key of 0 bytes")
        .contains("+STORED\r\n*6\r\n$3\r\n1-3\r\n$1\r\nm\r\n$4\r\n")
        .contains("+HOT\r\n:3\r\n$3\r\nxyz\r\n")
        .contains("-ERR unknown command 'NOPE', with 2 arguments\r\n")
        .endsWith("+OK\r\n*3\r\n$0\r\n\r\n$-1\r\n$40\r\n" + "v".repeat(40) + "\r\n+PONG\r\n");
    for (int cut = 0; cut < sent.length(); cut++) {
      assertThat(converse(sent, cut)).as("cut at %d", cut).isEqualTo(expected);
    }
  }

  @Test
  void aConversationIsTheSameByteByByteThroughASocket() throws Exception {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      String sent = request("SET", "k", "v") + request("GET", "k") + "exists k\r\n";
      for (byte b : sent.getBytes(ISO_8859_1)) {
        client.send(new byte[] {b});
      }
      client.expect("+OK\r\n$1\r\nv\r\n:1\r\n");
    }
  }

  private static String converse(String sent, int cut) {
    return new String(
        Conversation.of(
            sent.substring(0, cut).getBytes(ISO_8859_1), sent.substring(cut).getBytes(ISO_8859_1)),
        ISO_8859_1);
  }
}
