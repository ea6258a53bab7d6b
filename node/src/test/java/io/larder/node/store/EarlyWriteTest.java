package io.larder.node.store;

import static io.larder.node.store.TestStore.MIB;
import static io.larder.node.store.TestStore.bytes;
import static io.larder.node.store.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.block.Block;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import io.larder.protocol.PutToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Values that are written while their end still arrives. */
class EarlyWriteTest {
  private static final int VALUE_BYTES = (int) (5 * MIB) - 77;

  private final MemoryPool pool = new MemoryPool(64 * MIB, 16 * MIB);
  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedDevice.blank(160 * MIB));
  private Store store = openFormatted();

  @BeforeEach
  void openTheFirstSegment() throws Exception {
    new Half("first").complete();
  }

  private Store openFormatted() {
    try {
      DeviceIdentity _ =
          DeviceFormat.format(
              device, new FormatOptions(Path.of("simulated"), 0, "test", "n", 8 * MIB, true));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return open(device);
  }

  private Store open(SimulatedDevice device) {
    return Store.open(
        device,
        pool,
        StoreConfig.Durability.WRITTEN,
        StoreConfig.DEFAULT_IO_DEADLINE_MS,
        (slot, fingerprint, stamp, cause) -> {});
  }

  @AfterEach
  void close() {
    store.close();
    assertThat(pool.usedBytes()).isZero();
    pool.close();
  }

  /** A payload whose first half has come and is being written. */
  private final class Half {
    final String name;
    final byte[] bytes;
    final Payload payload;
    final BlockStore.@Nullable Arriving begun;

    Half(String name) throws Exception {
      this.name = name;
      bytes = bytes(name, VALUE_BYTES);
      payload = pool.allocate(VALUE_BYTES, MemoryPool.Purpose.PUT).get(20, TimeUnit.SECONDS);
      fill(0, VALUE_BYTES / 2);
      begun = store.beginWrite(payload);
      if (begun != null) {
        begun.arrived(VALUE_BYTES / 2);
      }
    }

    void fill(int from, int to) {
      for (int at = from; at < to; ) {
        int chunk = at / (int) MIB;
        int offset = at % (int) MIB;
        int length = Math.min(to - at, payload.chunkLength(chunk) - offset);
        ByteBuffer _ = payload.chunk(chunk).put(offset, bytes, at, length);
        at += length;
      }
    }

    void complete() throws Exception {
      fill(VALUE_BYTES / 2, VALUE_BYTES);
      for (int i = 0; i < payload.chunkCount(); i++) {
        payload.setCrc(i, payload.computeCrc(i));
      }
      Block block = new Block(new PutToken(1, 1), Block.NO_METADATA, Block.NEVER, payload);
      try {
        store.write(key(name), block, begun).get(20, TimeUnit.SECONDS).publish();
      } finally {
        payload.release();
      }
    }

    void giveUp() {
      Objects.requireNonNull(begun, "nothing of it was written early").abandon();
    }

    void goAway() {
      giveUp();
      payload.release();
    }
  }

  private void assertHeld(String name) throws Exception {
    Block block = Objects.requireNonNull(store.read(key(name)).get(20, TimeUnit.SECONDS), name);
    assertThat(TestStore.bytes(block.payload())).isEqualTo(bytes(name, VALUE_BYTES));
    block.payload().release();
  }

  @Test
  void theDeviceHasTheFirstHalfBeforeTheSecondIsThere() throws Exception {
    List<Long> written = new CopyOnWriteArrayList<>();
    device.faults((kind, offset, bytes) -> {
      if (kind == Kind.WRITE && bytes >= MIB) {
        written.add(bytes);
      }
      return SimulatedDevice.DONE;
    });
    Half half = new Half("k");
    assertThat(written).containsExactly(MIB, MIB);
    half.complete();
    assertThat(written).hasSizeGreaterThanOrEqualTo(4);
    assertHeld("k");
  }

  @Test
  void whatBreaksOffIsNowhereAndCostsNobodyElseAnything() throws Exception {
    new Half("before").complete();
    Half gone = new Half("gone");
    new Half("after").complete();
    gone.goAway();
    gone.giveUp();
    for (int i = 0; i < 3; i++) { // some segments full, with a hole in each
      Half hole = new Half("hole" + i);
      new Half("more" + i).complete();
      hole.goAway();
    }
    assertThat(store.stats().segmentsByState()).containsKey("sealed");
    byte[][] crashed = device.image();
    store.close();
    for (byte[][] image : List.of(crashed, device.image())) {
      store = open(SimulatedDevice.prompt(image));
      assertThat(store.recovery().rejected()).isEmpty();
      for (String name : List.of("first", "before", "after", "more0", "more1", "more2")) {
        assertHeld(name);
      }
      assertThat(store.recovery().records()).isEqualTo(6);
      store.close();
    }
  }

  @Test
  void whatWasGivenUpAndComesAllTheSameIsWrittenWhole() throws Exception {
    Half half = new Half("k");
    half.giveUp();
    half.complete();
    assertHeld("k");
  }

  @Test
  void anEarlyPieceThatFailsCostsItsExtentAndNotThePut() throws Exception {
    AtomicInteger left = new AtomicInteger(1);
    device.faults((kind, offset, bytes) ->
        kind == Kind.WRITE && bytes == MIB && left.getAndDecrement() > 0
            ? new Outcome.Failed("EIO")
            : SimulatedDevice.DONE);
    new Half("k").complete();
    assertHeld("k");
    assertThat(store.stats().writeErrors()).isEqualTo(1);
    new Half("next").complete();
    assertHeld("next");
  }

  @Test
  void whatIsStillArrivingWhenTheStoreClosesIsRefused() throws Exception {
    Half half = new Half("k");
    Thread closing = Thread.ofPlatform().start(store::close);
    await().until(() -> refuses(new Half("late")));
    assertThatThrownBy(half::complete).hasMessageContaining("the store is closed");
    assertThat(closing.join(Duration.ofSeconds(20))).isTrue();
  }

  private static boolean refuses(Half half) throws Exception {
    try {
      half.complete();
      return false;
    } catch (ExecutionException e) {
      return e.getCause() instanceof StoreException;
    }
  }
}
