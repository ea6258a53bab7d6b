package io.larder.node.server;

import static io.larder.node.server.ServerHarness.randomBytes;
import static io.larder.node.server.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.Payload;
import io.larder.node.server.ServerHarness.Raw;
import java.io.IOException;
import java.util.Arrays;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Replies that are sent while their block's chunks still arrive from the device. */
class StreamedRepliesTest {
  private static final int MIB = 1 << 20;

  private final byte[] value = randomBytes(4 * MIB + 99, 5);

  private Payload arriving(ServerHarness node, Raw client) throws IOException {
    client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length + "\r\n").send(value);
    client.send("\r\n").expect("+OK\r\n");
    Payload payload = node.service.payload("k");
    payload.beginArrival();
    payload.arrived(1);
    return payload;
  }

  private byte[] part(int from, int to) {
    return Arrays.copyOfRange(value, from, to);
  }

  @Test
  void eachChunkIsSentAsSoonAsItHasArrived() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect();
        Raw other = node.connect()) {
      Payload payload = arriving(node, client);
      client.send(request("GET", "k")).send(request("PING"));
      client.expect("$" + value.length + "\r\n").expect(part(0, MIB));
      for (int chunk = 1; chunk < 5; chunk++) {
        other.ask("+PONG\r\n", "PING"); // whoever waits keeps nobody from being served
        assertThat(client.available()).isZero();
        payload.arrived(chunk + 1);
        client.expect(part(chunk * MIB, Math.min(value.length, (chunk + 1) * MIB)));
      }
      client.expect("\r\n+PONG\r\n");
    }
  }

  @Test
  void aPlainReplyThatBreaksOffClosesItsConnectionAndSendsNothingElse() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect();
        Raw other = node.connect()) {
      Payload payload = arriving(node, client);
      client.send(request("GET", "k")).send(request("PING"));
      client.expect("$" + value.length + "\r\n").expect(part(0, MIB));
      payload.breakOff();
      client.expectEnd();
      assertThat(node.rejections("broken_block")).isEqualTo(1);
      other.ask("+PONG\r\n", "PING");
    }
  }

  @Test
  void aFramedReplyThatBreaksOffSaysSoAndTheConnectionGoesOn() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw client = node.connect()) {
      Payload payload = arriving(node, client);
      client.send(request("KV.GET", "k")).send(request("PING"));
      client.expect("*10\r\n");
      String line;
      do { // token, metadata, checksums, tier
        line = client.line();
      } while (!line.equals(":" + value.length));
      client.expect("$" + MIB + "\r\n").expect(part(0, MIB)).expect("\r\n");
      payload.breakOff();
      client.expect("-MISS the rest of the value cannot be read\r\n");
      client.expect("$-1\r\n$-1\r\n$-1\r\n+PONG\r\n");
    }
  }

  @Test
  void whoeverLeavesWhileItWaitsGivesTheBlockBack() throws IOException {
    try (ServerHarness node = new ServerHarness();
        Raw other = node.connect()) {
      Payload payload;
      try (Raw client = node.connect()) {
        payload = arriving(node, client);
        client.send(request("GET", "k")).expect("$" + value.length + "\r\n").expect(part(0, MIB));
      }
      node.service.clear();
      Awaitility.await().until(() -> node.pool.usedBytes() == 0);
      payload.arrived(5); // the device has been at work on it all the time
      other.ask("+PONG\r\n", "PING");
    }
  }
}
