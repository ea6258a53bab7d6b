package io.larder.client;

import static io.larder.client.ScriptedNode.ascii;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.protocol.Blocks;
import io.larder.protocol.PutToken;
import io.larder.protocol.ScriptedPeer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LarderClientTest {
  private static final byte[] KEY = ascii("key");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private ScriptedNode local;
  private ScriptedNode other;

  @BeforeEach
  void startNodes() throws IOException {
    local = new ScriptedNode();
    other = new ScriptedNode();
  }

  @AfterEach
  void stopNodes() throws IOException {
    local.close();
    other.close();
  }

  /** Patient enough for a machine that does ten other things. */
  private LarderClient.Builder builder() {
    return LarderClient.builder()
        .localNode(local.address())
        .nodes(List.of(other.address()))
        .meterRegistry(meters)
        .attemptTimeout(Duration.ofSeconds(10))
        .callTimeout(Duration.ofSeconds(30));
  }

  /** For tests in which a node is too slow. */
  private LarderClient.Builder impatient() {
    return builder().attemptTimeout(Duration.ofMillis(400)).callTimeout(Duration.ofSeconds(2));
  }

  private double count(String meter) {
    return meters.get(meter).counter().count();
  }

  private static byte[] bytes(CachedBlock block) {
    ByteBuffer data = block.data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return bytes;
  }

  @Test
  void aBlockPutIsTheBlockGotFromTheLocalNode() {
    byte[] value = Blocks.bytes((5 << 20) + 77, 1);
    ByteBuffer direct = ByteBuffer.allocateDirect(value.length);
    direct.put(value).flip();
    try (LarderClient client = builder().build()) {
      BlockingLarder larder = client.blocking();
      TensorMetadata tensor = TensorMetadata.of("bfloat16", "NHD", 2, 32, 256);
      PutOptions options =
          PutOptions.NONE
              .withMetadata(tensor)
              .withTimeToLive(Duration.ofSeconds(9))
              .withToken(new PutToken(0xab, 3));
      assertThat(larder.put(KEY, direct, options)).isEqualTo(PutOutcome.STORED);
      assertThat(direct.remaining()).isEqualTo(value.length);
      assertThat(larder.put(ascii("key"), ByteBuffer.wrap(value), PutOptions.NONE))
          .isEqualTo(PutOutcome.EXISTS);
      List<String> put = local.received.stream().filter(c -> c.contains("PX")).findAny().get();
      assertThat(put.subList(1, 4))
          .containsExactly("key", "META", new String(tensor.encode(), ISO_8859_1));
      assertThat(put).containsSequence("PX", "9000", "TOKEN", "ab-3", "VALUE");
      assertThat(put.get(5)).hasSize(4 * 6);
      assertThat(put.get(5).getBytes(ISO_8859_1))
          .isEqualTo(Checksums.encoded(List.of(ByteBuffer.wrap(value)), value.length));

      try (CachedBlock block = larder.get(KEY).orElseThrow()) {
        assertThat(bytes(block)).isEqualTo(value);
        assertThat(block.info().source()).isEqualTo(Source.HOT);
        assertThat(block.info().id()).contains(new PutToken(0x1f, 0x2a));
        assertThat(block.info().metadata()).isEqualTo(ascii("m"));
      }
      ByteBuffer into = ByteBuffer.allocate(value.length + 10).position(3);
      assertThat(larder.getInto(KEY, into)).isPresent();
      assertThat(into.position()).isEqualTo(3 + value.length);
      assertThat(into.slice(3, value.length)).isEqualTo(ByteBuffer.wrap(value));
      assertThatThrownBy(() -> larder.getInto(KEY, ByteBuffer.allocate(100)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("room for 100");
      assertThat(larder.get(ascii("none"))).isEmpty();
      assertThat(larder.delete(KEY)).isTrue();
      assertThat(larder.get(KEY)).isEmpty();
      assertThat(other.count("KV.GET") + other.count("KV.PUT")).isZero();
    }
  }

  @Test
  void checksumsOfAValueInPiecesAreThoseOfTheWhole() {
    byte[] value = Blocks.bytes((2 << 20) + 5, 9);
    List<ByteBuffer> pieces = new ArrayList<>();
    for (int from = 0, length; from < value.length; from += length) {
      length = Math.min(300_007, value.length - from);
      pieces.add(ByteBuffer.wrap(value, from, length));
    }
    assertThat(Checksums.encoded(pieces, value.length))
        .hasSize(12)
        .isEqualTo(Checksums.encoded(List.of(ByteBuffer.wrap(value)), value.length));
    assertThat(Checksums.encoded(List.of(), 0)).isEmpty();
  }

  @Test
  void manyKeysAreLookedUpAtOnce() {
    local.blocks.put("a", new byte[1]);
    local.blocks.put("b", new byte[2]);
    local.blocks.put("d", new byte[0]);
    List<byte[]> keys = List.of(ascii("a"), ascii("b"), ascii("c"), ascii("d"));
    try (LarderClient client = builder().build()) {
      BlockingLarder larder = client.blocking();
      assertThat(larder.longestPrefix(keys)).isEqualTo(2);
      assertThat(larder.contains(keys)).containsExactly(true, true, false, true);
      assertThat(larder.locate(keys).get(0)).contains(new BlockLocation("n1", "localhost", "ff"));
      List<Optional<CachedBlock>> all = larder.getAll(keys);
      assertThat(all.stream().map(Optional::isPresent)).containsExactly(true, true, false, true);
      all.forEach(block -> block.ifPresent(CachedBlock::close));
    }
  }

  @Test
  void aDeadLocalNodeIsReplacedByTheNextAndTakenAgainWhenItReturns() throws IOException {
    other.blocks.put("key", Blocks.bytes(100, 2));
    try (LarderClient client = impatient().build()) {
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
      CachedBlock block = client.blocking().get(KEY).orElseThrow();
      assertThat(bytes(block)).isEqualTo(Blocks.bytes(3 << 20, 3));
      assertThat(count("larder.client.retries")).isPositive();
    }
  }

  @Test
  void whenNobodyAnswersAReadIsAMissAndAPutAnErrorWithinTheDeadline() {
    local.script = (command, out) -> {};
    other.script = (command, out) -> {};
    try (LarderClient client = impatient().callTimeout(Duration.ofMillis(600)).build()) {
      long start = System.nanoTime();
      assertThat(client.blocking().get(KEY)).isEmpty();
      assertThat(client.blocking().longestPrefix(List.of(KEY))).isZero();
      assertThatThrownBy(
              () -> client.blocking().put(KEY, ByteBuffer.allocate(5 << 20), PutOptions.NONE))
          .isInstanceOfSatisfying(LarderException.class, e -> assertThat(e.isTemporary()).isTrue())
          .hasMessageContaining(local.address());
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(6));
      assertThat(count("larder.client.reads.failed")).isEqualTo(2);
    }
  }

  @Test
  void aNodeThatWasNeverThereIsAMissAtOnce() throws IOException {
    local.close();
    other.close();
    try (LarderClient client = impatient().callTimeout(Duration.ofSeconds(20)).build()) {
      long start = System.nanoTime();
      assertThat(client.blocking().get(KEY)).isEmpty();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
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
  void aRefusedPutIsAnErrorThatSaysWhetherToTryAgain() {
    local.script =
        (command, out) ->
            out.write(
                ascii(
                    command.get(1).equals("key")
                        ? "-TRYAGAIN slot 77 has no owner yet: try again\r\n"
                        : "-ERR bad\r\n"));
    try (LarderClient client = builder().build()) {
      assertThatThrownBy(() -> client.blocking().put(KEY, ByteBuffer.allocate(1), PutOptions.NONE))
          .isInstanceOfSatisfying(LarderException.class, e -> assertThat(e.isTemporary()).isTrue())
          .hasMessageContaining("slot 77 has no owner");
      assertThatThrownBy(
              () -> client.blocking().put(ascii("x"), ByteBuffer.allocate(1), PutOptions.NONE))
          .isInstanceOfSatisfying(
              LarderException.class, e -> assertThat(e.isTemporary()).isFalse());
    }
  }

  @Test
  void badArgumentsAreRefusedBeforeAnythingIsSent() {
    try (LarderClient client = builder().build()) {
      BlockingLarder larder = client.blocking();
      assertThatThrownBy(() -> larder.get(new byte[0]))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> larder.longestPrefix(List.of(new byte[1025])))
          .hasMessageContaining("1025 bytes");
      assertThatThrownBy(() -> PutOptions.NONE.withMetadata(new byte[2049]))
          .hasMessageContaining("2049 bytes");
      assertThatThrownBy(
              () -> larder.put(KEY, ByteBuffer.allocateDirect((128 << 20) + 1), PutOptions.NONE))
          .hasMessageContaining("at most 134217728");
    }
    assertThatThrownBy(() -> LarderClient.builder().build()).hasMessageContaining("localNode");
    assertThatThrownBy(() -> LarderClient.builder().localNode("host"))
        .hasMessageContaining("host:port");
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
  void bytesInFlightAreBoundedAndEverybodyIsServedInTheEnd() {
    byte[] value = Blocks.bytes(3 << 20, 7);
    local.blocks.put("key", value);
    try (LarderClient client =
        builder()
            .maxInFlightBytes(4 << 20)
            .maxInFlightRequests(5)
            .callTimeout(Duration.ofSeconds(30))
            .attemptTimeout(Duration.ofSeconds(20))
            .build()) {
      List<CompletableFuture<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        all.add(
            client
                .reader()
                .get(KEY)
                .thenApply(block -> {
                  boolean same = block.isPresent() && Arrays.equals(bytes(block.get()), value);
                  block.ifPresent(CachedBlock::close);
                  return same;
                }));
        all.add(
            client
                .writer()
                .put(ascii("k" + i), ByteBuffer.wrap(value), PutOptions.NONE)
                .thenApply(outcome -> outcome == PutOutcome.STORED));
      }
      assertThat(all).allSatisfy(done -> assertThat(done.get(30, TimeUnit.SECONDS)).isTrue());
      assertThat(meters.get("larder.client.inflight.bytes").gauge().value()).isZero();
      assertThat(meters.get("larder.client.inflight.requests").gauge().value()).isZero();
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

  // ---- put or wait

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

  @Test
  void aGrantedKeyIsComputedAndPutUnderItsToken() {
    leasesAnswer("GRANTED 7-1");
    try (LarderClient client = builder().build();
        Obtained got = client.blocking().putOrWait(KEY, LarderClientTest::computed)) {
      assertThat(got.how()).isEqualTo(Obtained.How.COMPUTED);
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
        Obtained got = client.blocking().putOrWait(KEY, key -> fail())) {
      assertThat(got.how()).isEqualTo(Obtained.How.FOUND);
      assertThat(bytes(got.block())).containsExactly(1, 2);
    }
  }

  private static ComputedBlock fail() {
    throw new AssertionError("nothing should be computed");
  }

  @Test
  void aKeyThatIsHeldIsWaitedForAndRead() {
    leasesAnswer("HELD", "EXISTS");
    local.blocks.put("key", new byte[] {3});
    try (LarderClient client = builder().build();
        Obtained got = client.blocking().putOrWait(KEY, key -> fail())) {
      assertThat(got.how()).isEqualTo(Obtained.How.WAITED);
      assertThat(local.last("KV.LEASE").subList(1, 4)).containsExactly("1", "key", "WAIT");
    }
  }

  @Test
  void aHeldKeyWhoseWriterGivesUpIsComputedHere() {
    leasesAnswer("HELD", "GRANTED 7-2");
    try (LarderClient client = builder().build();
        Obtained got = client.blocking().putOrWait(KEY, LarderClientTest::computed)) {
      assertThat(got.how()).isEqualTo(Obtained.How.COMPUTED);
      assertThat(local.last("KV.PUT")).contains("7-2");
    }
  }

  @Test
  void aBatchPutsItsOwnGrantsBeforeItWaitsForOthers() {
    leasesAnswer("HELD", "GRANTED 7-3", "EXISTS", "EXISTS");
    local.blocks.put("held", new byte[] {4});
    local.blocks.put("there", new byte[] {5});
    try (LarderClient client = builder().build()) {
      List<Obtained> got =
          client
              .blocking()
              .putOrWaitAll(
                  List.of(ascii("held"), ascii("mine"), ascii("there")),
                  LarderClientTest::computed);
      assertThat(got.stream().map(Obtained::how))
          .containsExactly(Obtained.How.WAITED, Obtained.How.COMPUTED, Obtained.How.FOUND);
      List<String> names =
          local.received.stream()
              .filter(c -> c.get(0).equals("KV.PUT") || c.contains("WAIT"))
              .map(c -> c.get(0))
              .toList();
      assertThat(names).containsExactly("KV.PUT", "KV.LEASE");
      got.forEach(Obtained::close);
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
        Obtained got = client.blocking().putOrWait(KEY, LarderClientTest::computed)) {
      assertThat(bytes(got.block())).isEqualTo(KEY);
      assertThat(got.put()).isEmpty();
      assertThat(got.putFailure().orElseThrow().isTemporary()).isTrue();
      Awaitility.await().until(() -> local.count("KV.ABORT") == 1);
    }
  }

  @Test
  void withoutAnyNodeTheBlockIsComputedAllTheSame() throws IOException {
    local.close();
    other.close();
    try (LarderClient client = impatient().build();
        Obtained got = client.blocking().putOrWait(KEY, LarderClientTest::computed)) {
      assertThat(got.how()).isEqualTo(Obtained.How.COMPUTED);
      assertThat(got.put()).isEmpty();
      assertThat(got.putFailure()).isPresent();
      assertThat(bytes(got.block())).isEqualTo(KEY);
    }
  }
}
