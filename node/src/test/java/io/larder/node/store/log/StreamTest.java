package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.bytes;
import static io.larder.node.store.log.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.node.block.Block;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.RecordHeader;
import io.larder.protocol.PutToken;
import io.larder.testing.Patience;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Values that are handed out while their chunks still come from the device. */
class StreamTest {
  private static final int VALUE_BYTES = (int) (5 * MIB) - 77;
  private static final int DEADLINE_MS = 200;

  private final MemoryPool pool = new MemoryPool(64 * MIB, 16 * MIB);
  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedDevice.blank(160 * MIB));
  private LogStore store = open();

  private LogStore open() {
    try {
      DeviceFormat.format(
          device, new FormatOptions(Path.of("simulated"), 0, "test", "n", 8 * MIB, true));
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
    return LogStore.open(
        device,
        pool,
        StoreConfig.Durability.WRITTEN,
        DEADLINE_MS,
        (slot, fingerprint, stamp, cause) -> {});
  }

  @AfterEach
  void close() {
    store.close();
    pool.close();
  }

  private void put(String name) throws Exception {
    Payload payload = TestStore.payload(pool, bytes(name, VALUE_BYTES));
    Block block = new Block(new PutToken(1, 1), Block.NO_METADATA, Block.NEVER, payload);
    store.write(key(name), block).get().publish();
    payload.release();
    assertThat(pool.usedBytes()).isZero();
  }

  /** What becomes of the reads that touch a value's chunk. */
  private void readsOf(String name, int chunk, java.util.function.IntFunction<Outcome> nth) {
    long stamp = store.find(key(name).slot(), key(name).fingerprint());
    long at =
        store.volume().geometry().segmentOffset(Location.stampSegment(stamp))
            + (stamp & ((1 << 22) - 1)) * Location.UNIT_BYTES
            + RecordHeader.LARGE_HEADER_BYTES
            + chunk * MIB;
    AtomicInteger count = new AtomicInteger();
    device.faults((kind, offset, bytes) ->
        kind == Kind.READ && offset <= at && offset + bytes > at
            ? nth.apply(count.incrementAndGet())
            : SimulatedDevice.DONE);
  }

  private Payload stream(String name) throws Exception {
    CompletableFuture<Block> block = store.stream(key(name)).thenApply(Objects::requireNonNull);
    return Patience.get(block).payload();
  }

  private static void assertArrived(Payload payload, String name, int chunks) {
    byte[] expected = bytes(name, VALUE_BYTES);
    assertThat(payload.length()).isEqualTo(VALUE_BYTES);
    assertThat(payload.arrivedChunks()).isEqualTo(chunks);
    for (int i = 0; i < chunks; i++) {
      ByteBuffer whole = ByteBuffer.wrap(expected, (int) (i * MIB), payload.chunkLength(i));
      assertThat(payload.chunk(i)).isEqualTo(whole);
      assertThat(payload.crc(i)).isEqualTo(payload.computeCrc(i));
    }
  }

  @Test
  void whatHasArrivedCanBeReadWhileTheDeviceIsAtWorkOnTheRest() throws Exception {
    put("k");
    readsOf("k", 3, n -> n == 1 ? new Outcome.Stalled() : SimulatedDevice.DONE);
    Payload early = stream("k");
    CompletableFuture<?> whole = store.read(key("k"));
    Payload late = stream("k"); // joins the read that is under way
    AtomicInteger told = new AtomicInteger();
    assertArrived(early, "k", 3);
    assertThat(early.watch(3, told::incrementAndGet)).isFalse();
    assertThat(early.watch(4, told::incrementAndGet)).isTrue();
    assertThat(early.watch(5, told::incrementAndGet)).isTrue();
    assertThat(whole).isNotDone();
    assertThat(told).hasValue(0);
    device.resume();
    assertArrived(early, "k", 5);
    assertArrived(late, "k", 5);
    assertThat(told).hasValue(2);
    Block block = (Block) Patience.get(whole);
    assertThat(TestStore.bytes(block.payload())).isEqualTo(bytes("k", VALUE_BYTES));
    assertThat(block.payload()).isSameAs(early).isSameAs(late);
    early.release();
    late.release();
    block.payload().release();
    assertThat(pool.usedBytes()).isZero();
  }

  @Test
  void aChunkThatFailsOnceIsReadAgain() throws Exception {
    put("k");
    for (int chunk : new int[] {0, 2, 4}) {
      for (Outcome once : new Outcome[] {new Outcome.Stale(), new Outcome.Failed("EIO")}) {
        readsOf("k", chunk, n -> n == 1 ? once : SimulatedDevice.DONE);
        Payload payload = stream("k");
        assertArrived(payload, "k", 5);
        payload.release();
      }
    }
    assertThat(pool.usedBytes()).isZero();
    assertThat(store.stats().checksumFailures()).isZero();
  }

  @Test
  void aValueDamagedInItsMiddleBreaksOffThereAndIsForgotten() throws Exception {
    put("k");
    readsOf("k", 2, n -> new Outcome.Stale());
    Payload payload = stream("k");
    assertArrived(payload, "k", 2);
    assertThat(payload.isBroken()).isTrue();
    assertThat(payload.watch(3, () -> {})).isFalse();
    assertThat(store.stats().checksumFailures()).isEqualTo(1);
    device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
    assertThat(store.stream(key("k")).get()).isNull();
    payload.release();
    assertThat(pool.usedBytes()).isZero();
  }

  @Test
  void aValueDamagedAtItsStartIsAMiss() throws Exception {
    put("k");
    readsOf("k", 0, n -> new Outcome.Stale());
    assertThat(store.stream(key("k")).get()).isNull();
    assertThat(store.stats().checksumFailures()).isEqualTo(1);
    assertThat(pool.usedBytes()).isZero();
  }

  @Test
  void whoWantsTheWholeValueMissesWhatBreaksOff() throws Exception {
    put("k");
    readsOf("k", 4, n -> new Outcome.Failed("EIO"));
    assertThat(store.read(key("k")).get()).isNull();
    assertThat(pool.usedBytes()).isZero();
  }

  @Test
  void aDeviceThatStallsInMidValueBreaksItOffAndKeepsTheMemory() throws Exception {
    put("k");
    readsOf("k", 1, n -> n == 1 ? new Outcome.Stalled() : SimulatedDevice.DONE);
    Payload payload = stream("k");
    assertArrived(payload, "k", 1);
    await().until(payload::isBroken);
    payload.release();
    assertThat(pool.usedBytes()).isPositive();
    device.resume();
    assertThat(pool.usedBytes()).isZero();
    await()
        .untilAsserted(() -> {
          Block again = store.read(key("k")).get(); // nothing was forgotten
          assertThat(again).isNotNull();
          again.payload().release();
        });
  }
}
