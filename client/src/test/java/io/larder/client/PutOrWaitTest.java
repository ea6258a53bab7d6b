package io.larder.client;

import static io.larder.client.ScriptedNode.ascii;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.protocol.ScriptedPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class PutOrWaitTest extends TwoScriptedNodes {
  private void leasesAnswer(String... answers) {
    AtomicInteger next = new AtomicInteger();
    ScriptedNode node = local;
    node.script =
        (command, out) -> {
          if (command.get(0).equals("KV.LEASE")) {
            int keys = Integer.parseInt(command.get(1));
            StringBuilder reply = new StringBuilder("*" + keys + "\r\n");
            for (int i = 0; i < keys; i++) {
              String answer = answers[next.getAndIncrement()];
              reply
                  .append("$")
                  .append(answer.length())
                  .append("\r\n")
                  .append(answer)
                  .append("\r\n");
            }
            out.write(ascii(reply.toString()));
          } else {
            node.answer(command, out);
          }
        };
  }

  private static ComputedBlock computed(byte[] key) {
    return ComputedBlock.of(ByteBuffer.wrap(key), TensorMetadata.of("u8", "N", key.length));
  }

  private static ComputedBlock fail() {
    throw new AssertionError("nothing should be computed");
  }

  @Test
  void aGrantedKeyIsComputedAndPutUnderItsToken() {
    leasesAnswer("GRANTED 7-1");
    try (LarderClient client = builder().build();
        ObtainedBlock got = client.blocking().putOrWait(KEY, PutOrWaitTest::computed)) {
      assertThat(got.origin()).isEqualTo(ObtainedBlock.Origin.COMPUTED);
      assertThat(got.put()).contains(PutOutcome.STORED);
      assertThat(got.putFailure()).isEmpty();
      assertThat(bytes(got.block())).isEqualTo(KEY);
      assertThat(got.block().info().tensor()).contains(TensorMetadata.of("u8", "N", 3));
      assertThat(local.last("KV.PUT")).containsSequence("TOKEN", "7-1", "VALUE", "key");
    }
  }

  @Test
  void aKeyThatExistsIsReadAndNotComputed() {
    leasesAnswer("EXISTS");
    local.blocks.put("key", new byte[] {1, 2});
    try (LarderClient client = builder().build();
        ObtainedBlock got = client.blocking().putOrWait(KEY, key -> fail())) {
      assertThat(got.origin()).isEqualTo(ObtainedBlock.Origin.FOUND);
      assertThat(bytes(got.block())).containsExactly(1, 2);
    }
  }

  @Test
  void aKeyThatIsHeldIsWaitedForAndRead() {
    leasesAnswer("HELD", "EXISTS");
    local.blocks.put("key", new byte[] {3});
    try (LarderClient client = builder().build();
        ObtainedBlock got = client.blocking().putOrWait(KEY, key -> fail())) {
      assertThat(got.origin()).isEqualTo(ObtainedBlock.Origin.WAITED);
      assertThat(local.last("KV.LEASE").subList(1, 4)).containsExactly("1", "key", "WAIT");
    }
  }

  @Test
  void aHeldKeyWhoseWriterGivesUpIsComputedHere() {
    leasesAnswer("HELD", "GRANTED 7-2");
    try (LarderClient client = builder().build();
        ObtainedBlock got = client.blocking().putOrWait(KEY, PutOrWaitTest::computed)) {
      assertThat(got.origin()).isEqualTo(ObtainedBlock.Origin.COMPUTED);
      assertThat(local.last("KV.PUT")).contains("7-2");
    }
  }

  @Test
  void aBatchPutsItsOwnGrantsBeforeItWaitsForOthers() {
    leasesAnswer("HELD", "GRANTED 7-3", "EXISTS", "EXISTS");
    local.blocks.put("held", new byte[] {4});
    local.blocks.put("there", new byte[] {5});
    try (LarderClient client = builder().build()) {
      List<ObtainedBlock> got =
          client
              .blocking()
              .putOrWaitAll(
                  List.of(ascii("held"), ascii("mine"), ascii("there")), PutOrWaitTest::computed);
      assertThat(got.stream().map(ObtainedBlock::origin))
          .containsExactly(
              ObtainedBlock.Origin.WAITED,
              ObtainedBlock.Origin.COMPUTED,
              ObtainedBlock.Origin.FOUND);
      List<String> names =
          local.received.stream()
              .filter(c -> c.get(0).equals("KV.PUT") || c.contains("WAIT"))
              .map(c -> c.get(0))
              .toList();
      assertThat(names).containsExactly("KV.PUT", "KV.LEASE");
      got.forEach(ObtainedBlock::close);
    }
  }

  @Test
  void aComputationThatFailsFreesTheKey() {
    leasesAnswer("GRANTED 7-4");
    try (LarderClient client = builder().build()) {
      assertThatThrownBy(() ->
              client
                  .blocking()
                  .putOrWait(
                      KEY,
                      key -> {
                        throw new IllegalStateException("the GPU is on fire");
                      }))
          .hasMessageContaining("on fire");
      Awaitility.await().until(() -> local.count("KV.ABORT") == 1);
      assertThat(local.last("KV.ABORT")).containsExactly("KV.ABORT", "key", "7-4");
    }
  }

  @Test
  void aBlockThatCannotBeStoredIsHandedOutAndItsKeyFreed() {
    leasesAnswer("GRANTED 7-5");
    ScriptedPeer.Script leasing = local.script;
    local.script =
        (command, out) -> {
          if (command.get(0).equals("KV.PUT")) {
            out.write(ascii("-TRYAGAIN slot 77 is syncing\r\n"));
          } else {
            leasing.answer(command, out);
          }
        };
    try (LarderClient client = builder().build();
        ObtainedBlock got = client.blocking().putOrWait(KEY, PutOrWaitTest::computed)) {
      assertThat(bytes(got.block())).isEqualTo(KEY);
      assertThat(got.put()).isEmpty();
      assertThat(got.putFailure().orElseThrow().isTemporary()).isTrue();
      Awaitility.await().until(() -> local.count("KV.ABORT") == 1);
    }
  }

  @Test
  void withoutAnyNodeTheBlockIsComputedAllTheSame() throws IOException {
    try (DeadAddress dead = new DeadAddress();
        LarderClient client =
            LarderClient.builder()
                .localNode(dead.toString())
                .callTimeout(Duration.ofSeconds(2))
                .build();
        ObtainedBlock got = client.blocking().putOrWait(KEY, PutOrWaitTest::computed)) {
      assertThat(got.origin()).isEqualTo(ObtainedBlock.Origin.COMPUTED);
      assertThat(got.put()).isEmpty();
      assertThat(got.putFailure()).isPresent();
      assertThat(bytes(got.block())).isEqualTo(KEY);
    }
  }
}
