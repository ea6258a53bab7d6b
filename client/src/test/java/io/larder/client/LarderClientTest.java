package io.larder.client;

import static io.larder.client.ScriptedNode.ascii;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.protocol.Blocks;
import io.larder.protocol.PutToken;
import io.larder.testing.Patience;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class LarderClientTest extends TwoScriptedNodes {
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
  void aPutThatTheNodeWaitedForInVainIsReportedAndNotRepeated() {
    local.script =
        (command, out) ->
            out.write(ascii("-TIMEOUT it is not settled in time whether the key is stored\r\n"));
    try (LarderClient client = builder().build()) {
      assertThatThrownBy(() -> client.blocking().put(KEY, ByteBuffer.allocate(1), PutOptions.NONE))
          .isInstanceOfSatisfying(LarderException.class, e -> assertThat(e.isTemporary()).isTrue())
          .hasMessageContaining("TIMEOUT it is not settled in time");
      assertThat(local.count("KV.PUT") + other.count("KV.PUT")).isEqualTo(1);
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
  void bytesInFlightAreBoundedAndEverybodyIsServedInTheEnd() {
    byte[] value = Blocks.bytes(3 << 20, 7);
    local.blocks.put("key", value);
    try (LarderClient client = builder().maxInFlightBytes(4 << 20).maxInFlightRequests(5).build()) {
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
      assertThat(all).allSatisfy(done -> assertThat(Patience.get(done)).isTrue());
      assertThat(meters.get("larder.client.inflight.bytes").gauge().value()).isZero();
      assertThat(meters.get("larder.client.inflight.requests").gauge().value()).isZero();
    }
  }
}
