package io.larder.client;

import static io.larder.client.ScriptedNode.ascii;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.protocol.Blocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A dead, slow or lying node costs a miss or an error, in time. */
class NodeFailureTest extends TwoScriptedNodes {
  @Test
  void aDeadLocalNodeIsReplacedByTheNextAndTakenAgainWhenItReturns() throws IOException {
    other.blocks.put("key", Blocks.bytes(100, 2));
    try (LarderClient client = builder().build()) {
      BlockingLarder larder = client.blocking();
      assertThat(larder.get(KEY)).isEmpty();
      local.script = (command, out) -> out.close();
      assertThat(larder.get(KEY)).isPresent();
      assertThat(larder.put(ascii("k2"), ByteBuffer.allocate(10), PutOptions.NONE))
          .isEqualTo(PutOutcome.STORED);
      assertThat(other.blocks).containsKey("k2");
      local.script = local::answer;
      local.blocks.put("back", new byte[1]);
      Awaitility.await().until(() -> larder.get(ascii("back")).isPresent());
    }
  }

  @Test
  void aLocalNodeThatIsTooSlowIsPassedOver() {
    other.blocks.put("key", Blocks.bytes(3 << 20, 3));
    byte[] reply = Blocks.reply(Blocks.bytes(3 << 20, 4), "");
    local.script =
        (command, out) -> {
          if (command.get(0).equals("KV.GET")) {
            out.write(reply, 0, reply.length / 2);
          }
        };
    try (LarderClient client = impatient().build()) {
      // The other's answer may be late, too, on a busy machine: then it is a miss, and asked again.
      CachedBlock block =
          Awaitility.await()
              .until(() -> client.blocking().get(KEY), Optional::isPresent)
              .orElseThrow();
      assertThat(bytes(block)).isEqualTo(Blocks.bytes(3 << 20, 3));
      assertThat(count("larder.client.retries")).isPositive();
    }
  }

  @Test
  void whenNobodyEverAnswersAReadIsAMissAndAPutAnError() {
    local.script = (command, out) -> {};
    other.script = (command, out) -> {};
    try (LarderClient client = impatient().callTimeout(Duration.ofMillis(600)).build()) {
      assertThat(client.blocking().get(KEY)).isEmpty();
      assertThat(client.blocking().longestPrefix(List.of(KEY))).isZero();
      assertThatThrownBy(
              () -> client.blocking().put(KEY, ByteBuffer.allocate(5 << 20), PutOptions.NONE))
          .isInstanceOfSatisfying(LarderException.class, e -> assertThat(e.isTemporary()).isTrue())
          .hasMessageContaining(local.address());
      assertThat(count("larder.client.reads.failed")).isEqualTo(2);
    }
  }

  @Test
  void aNodeThatWasNeverThereIsAMissLongBeforeTheDeadline() throws IOException {
    try (DeadAddress dead = new DeadAddress();
        LarderClient client =
            LarderClient.builder()
                .localNode(dead.toString())
                .callTimeout(Duration.ofDays(1))
                .build()) {
      assertThat(client.blocking().get(KEY)).isEmpty();
    }
  }

  @Test
  void aBlockThatFailsItsChecksumIsAMissAndAMetric() {
    byte[] value = Blocks.bytes((1 << 20) + 500, 5);
    byte[] reply = Blocks.reply(value, "");
    reply[reply.length - 50] ^= 1;
    ScriptedNode node = local;
    node.script =
        (command, out) -> {
          if (command.get(0).equals("KV.GET") && command.get(1).equals("bad")) {
            out.write(reply);
          } else {
            node.answer(command, out);
          }
        };
    node.blocks.put("key", value);
    try (LarderClient client = builder().build()) {
      assertThat(client.blocking().get(ascii("bad"))).isEmpty();
      assertThat(count("larder.client.checksum.failures")).isEqualTo(1);
      assertThat(client.blocking().get(KEY)).isPresent();
      assertThat(local.peer.accepted()).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void aBlockTheNodeGivesUpHalfWayIsAMiss() {
    byte[] value = Blocks.bytes(3 << 20, 6);
    local.script = (command, out) -> out.write(Blocks.reply(value, "", 2));
    try (LarderClient client = builder().build()) {
      assertThat(client.blocking().get(KEY)).isEmpty();
      assertThat(count("larder.client.reads.broken")).isEqualTo(1);
    }
  }

  @Test
  void nodesLearnedFromTheTopologyServeWhenTheNamedOneDies() throws IOException {
    other.blocks.put("key", new byte[7]);
    local.topology =
        "id1 "
            + local.address()
            + "@0 myself,master - 0 0 1 connected 0-100\n"
            + "id2 127.0.0.1:1@0 master,fail - 0 0 1 disconnected\n"
            + "id3 "
            + other.address()
            + "@0 master - 0 0 1 connected 101-16383\n";
    try (LarderClient client =
        LarderClient.builder().localNode(local.address()).connections(1).build()) {
      Awaitility.await().until(() -> local.count("CLUSTER") > 0);
      Awaitility.await()
          .until(() -> {
            local.script = (command, out) -> out.close();
            local.peer.dropConnections();
            return client.blocking().get(KEY).isPresent();
          });
    }
  }

  @Test
  void aClosedClientAnswersWithMissesAndErrorsAndNeverHangs() {
    LarderClient client = impatient().build();
    client.close();
    assertThat(client.blocking().get(KEY)).isEmpty();
    assertThatThrownBy(() -> client.blocking().put(KEY, ByteBuffer.allocate(1), PutOptions.NONE))
        .isInstanceOf(LarderException.class);
  }
}
