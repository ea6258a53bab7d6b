package io.larder.node.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.client.BlockPut;
import io.larder.client.BlockingLarder;
import io.larder.client.CachedBlock;
import io.larder.client.CommitOutcome;
import io.larder.client.LarderClient;
import io.larder.client.LeaseOutcome;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.client.TensorMetadata;
import io.larder.protocol.PutToken;
import io.larder.testing.Patience;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a client may rely on, with one node or many. Uses keys of its own, so that it can be run
 * against a cluster that holds other things.
 */
public abstract class LarderClientContract {
  private final String run = UUID.randomUUID().toString();
  private final List<LarderClient> open = new ArrayList<>();
  private BlockingLarder larder;

  /** {@code host:port} of every node of one cluster. */
  protected abstract List<String> nodes();

  /** A client whose local node is number {@code index}; closed after the test. */
  protected final LarderClient client(int index) {
    LarderClient client =
        LarderClient.builder()
            .localNode(nodes().get(index % nodes().size()))
            .nodes(nodes())
            .connectTimeout(Patience.limit())
            .attemptTimeout(Patience.limit())
            .callTimeout(Patience.limit())
            .build();
    open.add(client);
    return client;
  }

  protected final byte[] key(String name) {
    return (run + "/" + name).getBytes(UTF_8);
  }

  protected static ByteBuffer value(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return ByteBuffer.allocateDirect(length).put(bytes).flip();
  }

  /**
   * The block, as soon as the node brings it: a peer that is late is a miss, as promised, so on a
   * busy machine it is asked again. Other bytes never are an answer.
   */
  private static CachedBlock found(BlockingLarder there, byte[] key) {
    return there
        .get(key)
        .or(() -> await().until(() -> there.get(key), Optional::isPresent))
        .orElseThrow();
  }

  @BeforeEach
  void connect() {
    larder = client(0).blocking();
  }

  @AfterEach
  void disconnect() {
    open.forEach(LarderClient::close);
  }

  @Test
  void aBlockOfAnySizeIsReadWholeThroughEveryNode() {
    int[] lengths = {0, 1, 4095, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 777};
    for (int length : lengths) {
      assertThat(larder.put(key("size " + length), value(length, length), PutOptions.NONE))
          .isEqualTo(PutOutcome.STORED);
    }
    for (int node = 0; node < nodes().size(); node++) {
      BlockingLarder there = client(node).blocking();
      for (int length : lengths) {
        try (CachedBlock block = found(there, key("size " + length))) {
          assertThat(block.data()).isEqualTo(value(length, length));
        }
      }
    }
  }

  @Test
  void aValueNeverChangesUnderItsKey() {
    assertThat(larder.put(key("k"), value(100_000, 1), PutOptions.NONE))
        .isEqualTo(PutOutcome.STORED);
    for (int node = 0; node < nodes().size(); node++) {
      assertThat(client(node).blocking().put(key("k"), value(100_000, 2), PutOptions.NONE))
          .isEqualTo(PutOutcome.EXISTS);
    }
    try (CachedBlock block = found(larder, key("k"))) {
      assertThat(block.data()).isEqualTo(value(100_000, 1));
    }
  }

  @Test
  void metadataComesBackWithTheBlock() {
    TensorMetadata tensor = TensorMetadata.of("bfloat16", "NHD", 2, 256, 8, 128);
    larder.put(key("tensor"), value(5000, 3), PutOptions.NONE.withMetadata(tensor));
    ByteBuffer into = ByteBuffer.allocateDirect(8192);
    assertThat(larder.getInto(key("tensor"), into).flatMap(info -> info.tensor())).contains(tensor);
    assertThat(into.flip()).isEqualTo(value(5000, 3));
  }

  @Test
  void whatIsNotThereIsAMissEverywhere() {
    assertThat(larder.get(key("none"))).isEmpty();
    assertThat(larder.contains(List.of(key("none")))).containsExactly(false);
    assertThat(larder.longestPrefix(List.of(key("none")))).isZero();
    assertThat(larder.locate(List.of(key("none")))).containsExactly(Optional.empty());
    assertThat(larder.delete(key("none"))).isFalse();
  }

  @Test
  void lookupsOfManyKeysAnswerForEach() {
    List<byte[]> keys = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      keys.add(key("many " + i));
      if (i != 13) {
        larder.put(key("many " + i), value(1000, i), PutOptions.NONE);
      }
    }
    BlockingLarder there = client(1).blocking();
    await().untilAsserted(() -> assertThat(there.longestPrefix(keys)).isEqualTo(13));
    await()
        .untilAsserted(() -> {
          boolean[] present = there.contains(keys);
          List<Optional<CachedBlock>> blocks = there.getAll(keys);
          blocks.forEach(block -> block.ifPresent(CachedBlock::close));
          for (int i = 0; i < 20; i++) {
            assertThat(present[i]).as("key %d", i).isEqualTo(i != 13);
            assertThat(blocks.get(i).isPresent()).as("key %d", i).isEqualTo(i != 13);
          }
        });
  }

  @Test
  void manyBlocksArePutAndGotAtOnceInOrder() {
    List<BlockPut> puts = new ArrayList<>();
    List<byte[]> keys = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      keys.add(key("all " + i));
      puts.add(BlockPut.of(keys.get(i), value(10_000 + i, i)));
    }
    assertThat(larder.put(keys.get(7), value(10_007, 7), PutOptions.NONE))
        .isEqualTo(PutOutcome.STORED);
    List<PutOutcome> outcomes = larder.putAll(puts);
    BlockingLarder there = client(1).blocking();
    List<Optional<CachedBlock>> blocks = there.getAll(keys);
    for (int i = 0; i < 40; i++) {
      byte[] key = keys.get(i);
      assertThat(outcomes.get(i)).isEqualTo(i == 7 ? PutOutcome.EXISTS : PutOutcome.STORED);
      try (CachedBlock block = blocks.get(i).orElseGet(() -> found(there, key))) {
        assertThat(block.data()).isEqualTo(value(10_000 + i, i));
      }
    }
  }

  @Test
  void aBlockGoesFromAndIntoMemoryOfTheCallersOwn() {
    int length = (2 << 20) + 5;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment from =
          arena.allocate(length).copyFrom(MemorySegment.ofBuffer(value(length, 9)));
      MemorySegment into = arena.allocate(length + 100L);
      assertThat(larder.put(key("segment"), from.asByteBuffer(), PutOptions.NONE))
          .isEqualTo(PutOutcome.STORED);
      assertThat(larder.getInto(key("segment"), into.asByteBuffer())).isPresent();
      assertThat(into.asSlice(0, length).mismatch(from)).isEqualTo(-1);
    }
  }

  @Test
  void whoLostTheAnswerToAPutAsksWhatBecameOfIt() {
    List<LeaseOutcome> leases = larder.lease(List.of(key("a"), key("b")));
    PutToken a = ((LeaseOutcome.Granted) leases.get(0)).token();
    PutToken b = ((LeaseOutcome.Granted) leases.get(1)).token();
    assertThat(larder.put(key("a"), value(100, 1), PutOptions.NONE.withToken(a)))
        .isEqualTo(PutOutcome.STORED);
    assertThat(larder.commit(key("a"), a)).isEqualTo(CommitOutcome.STORED);
    assertThat(larder.commit(key("a"), b)).isEqualTo(CommitOutcome.EXISTS);
    assertThat(larder.abort(key("b"), b)).isTrue();
    assertThat(larder.commit(key("b"), b)).isEqualTo(CommitOutcome.ABSENT);
  }

  @Test
  void aBlockIsPinnedAndUnpinned() {
    larder.put(key("pinned"), value(5000, 1), PutOptions.NONE);
    BlockingLarder there = client(1).blocking();
    await().until(() -> there.pin(key("pinned")));
    assertThat(larder.unpin(key("pinned"))).isTrue();
    assertThat(larder.pin(key("none"))).isFalse();
  }

  @Test
  void anExpiredOrDeletedBlockIsGone() {
    larder.put(key("gone"), value(10, 4), PutOptions.NONE);
    larder.put(key("brief"), value(10, 5), PutOptions.NONE.withTimeToLive(Duration.ofMillis(300)));
    assertThat(larder.delete(key("gone"))).isTrue();
    assertThat(larder.get(key("gone"))).isEmpty();
    await().until(() -> larder.get(key("brief")).isEmpty());
  }

  @Test
  void aPutUnderALeaseIsReadUnderItsToken() {
    List<LeaseOutcome> leases = larder.lease(List.of(key("a"), key("b")));
    assertThat(leases).hasOnlyElementsOfType(LeaseOutcome.Granted.class);
    LeaseOutcome.Granted a = (LeaseOutcome.Granted) leases.get(0);
    LeaseOutcome.Granted b = (LeaseOutcome.Granted) leases.get(1);
    assertThat(larder.put(key("a"), value(2 << 20, 6), PutOptions.NONE.withToken(a.token())))
        .isEqualTo(PutOutcome.STORED);
    assertThat(larder.abort(key("b"), b.token())).isTrue();
    assertThat(larder.get(key("b"))).isEmpty();
    try (CachedBlock block = found(larder, key("a"))) {
      assertThat(block.info().id()).contains(a.token());
    }
    assertThat(larder.lease(List.of(key("a")))).containsExactly(LeaseOutcome.EXISTS);
  }

  @Test
  void manyBlocksAtOnceKeepTheirBytes() throws Exception {
    LarderClient here = client(0);
    LarderClient there = client(1);
    List<CompletableFuture<PutOutcome>> puts = new ArrayList<>();
    List<ByteBuffer> values = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      values.add(value((1 << 20) + i * 1001, i));
      puts.add(here.writer().put(key("at once " + i), values.get(i), PutOptions.NONE));
    }
    List<CompletableFuture<Optional<CachedBlock>>> gets = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      byte[] key = key("at once " + i);
      gets.add(puts.get(i).thenCompose(stored -> there.reader().get(key)));
    }
    for (int i = 0; i < 60; i++) {
      assertThat(Patience.get(puts.get(i))).isEqualTo(PutOutcome.STORED);
      Optional<CachedBlock> found = Patience.get(gets.get(i));
      byte[] key = key("at once " + i);
      try (CachedBlock block = found.orElseGet(() -> found(there.blocking(), key))) {
        assertThat(block.data()).isEqualTo(values.get(i));
      }
    }
  }
}
