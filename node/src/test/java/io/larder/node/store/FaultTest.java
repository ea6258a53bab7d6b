package io.larder.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.CrashImages;
import io.larder.node.device.Device;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Event;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a device can do to a running store. */
class FaultTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;
  private static final StoreConfig.Durability FLUSH = StoreConfig.Durability.FLUSH;

  private final SplittableRandom random = new SplittableRandom(1);
  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());

  private static void put(SimulatedStore s, String name) throws Exception {
    var _ = s.put(name, 1).get(SimulatedStore.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static int version(SimulatedStore s, String name) throws Exception {
    return s.version(name);
  }

  /** Where the data area begins: what is before it belongs to superblock and checkpoint. */
  private static long data(SimulatedStore s) {
    return s.store.volume().geometry().segmentsStart();
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_READ, notAs = "quarantinesNothing")
  void anUnreadableRecordIsAMissAndItsSegmentIsQuarantined() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "k");
      put(s, "other");
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      assertThat(version(s, "k")).isZero();
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(version(s, "k")).isZero();
      assertThat(version(s, "other")).isEqualTo(1);
      assertThat(s.store.stats().readErrors()).isEqualTo(2);
      for (int i = 0; i < 40; i++) { // until its writing ends
        put(s, "more" + i);
      }
      assertThat(s.store.stats().segmentsByState()).containsEntry("quarantined", 1);
      for (int i = 0; i < 400; i++) { // reclaim leaves it alone
        put(s, "churn" + i);
      }
      assertThat(version(s, "other")).isEqualTo(1);
      assertThat(version(s, "churn399")).isEqualTo(1);
    }
  }

  @Test
  void aPinnedRecordThatReclaimCannotReadStaysWhereItIs() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "k");
      assertThat(s.pin("k", true).get(SimulatedStore.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      long place = place(s, "k");
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ && offset == place ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      for (int i = 0; i < 300; i++) {
        put(s, "churn" + i);
      }
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(version(s, "k")).isEqualTo(1);
      assertThat(s.store.stats().segmentsByState()).containsEntry("quarantined", 1);
    }
  }

  @Test
  void tooManyUnreadableSegmentsStopWritingAndReadingGoesOn() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 60; i++) {
        put(s, "k" + i);
      }
      long data = data(s);
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ && offset >= data ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      for (int i = 0; i < 60; i++) {
        assertThat(version(s, "k" + i)).isZero();
      }
      await().atMost(10, TimeUnit.SECONDS).until(() -> s.store.stats().readOnly());
      assertThatThrownBy(() -> put(s, "new"))
          .hasRootCauseInstanceOf(StoreException.class)
          .hasMessageContaining("could not be read")
          .hasMessageContaining("read-only");
    }
  }

  @Test
  @Survives(value = FaultRow.ENOSPC, notAs = "countsNoFailures")
  void aFailedWriteFailsItsPutAndTheNextGoesOnElsewhere() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "before");
      long data = data(s);
      AtomicInteger left = new AtomicInteger(1);
      for (Outcome outcome :
          List.of(
              new Outcome.Failed("EIO"),
              new Outcome.Failed("ENOSPC: no space left on device"),
              new Outcome.Partial(1))) {
        left.set(1);
        device.faults((kind, offset, bytes) ->
            kind == Kind.WRITE && offset >= data && left.getAndDecrement() > 0
                ? outcome
                : SimulatedDevice.DONE);
        assertThatThrownBy(() -> put(s, "failed"))
            .hasRootCauseInstanceOf(IOException.class)
            .hasMessageContaining("could not be written; put it again");
        assertThat(version(s, "failed")).isZero();
        put(s, "after " + outcome);
        assertThat(version(s, "after " + outcome)).isEqualTo(1);
      }
      assertThat(version(s, "before")).isEqualTo(1);
      assertThat(s.store.stats().writeErrors()).isGreaterThanOrEqualTo(3);
      assertThat(s.store.stats().readOnly()).isFalse();
    }
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_WRITE, notAs = "countsNoFailures")
  void afterSixteenFailedWritesTheStoreIsReadOnly() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "before");
      long data = data(s);
      device.faults(
          (kind, offset, bytes) -> // segments can be opened, but take no records
          kind == Kind.WRITE && offset > data && (offset - data) % SimulatedStore.SEGMENT_BYTES > 0
                  ? new Outcome.Failed("EIO")
                  : SimulatedDevice.DONE);
      for (int i = 0; i < 16; i++) {
        assertThat(s.store.stats().readOnly()).isFalse();
        String name = "k" + i;
        assertThatThrownBy(() -> put(s, name)).hasMessageContaining("could not be written");
      }
      assertThat(s.store.stats().readOnly()).isTrue();
    }
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_WRITE, notAs = "neverStops")
  void aDeviceThatTakesNoWritesMakesTheStoreReadOnly() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "before");
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      for (int i = 0; i < 40; i++) {
        String name = "k" + i;
        assertThatThrownBy(() -> put(s, name)).isInstanceOf(ExecutionException.class);
      }
      assertThat(s.store.stats().readOnly()).isTrue();
      assertThat(version(s, "before")).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_FLUSH, notAs = "neverStops")
  void aFailedFlushFailsEveryPutItCoveredAndFencesTheStore() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, FLUSH)) {
      put(s, "before");
      AtomicInteger flushes = new AtomicInteger();
      device.faults((kind, offset, bytes) ->
          kind == Kind.FLUSH && flushes.getAndIncrement() == 0
              ? new Outcome.Failed("EIO")
              : SimulatedDevice.DONE);
      assertThatThrownBy(() -> put(s, "failed")).hasRootCauseInstanceOf(IOException.class);
      // The device would flush again by now, but what it lost is unknown.
      assertThatThrownBy(() -> put(s, "next"))
          .hasMessageContaining("a flush failed")
          .hasMessageContaining("read-only");
      assertThat(version(s, "before")).isEqualTo(1);
      assertThat(version(s, "failed")).isZero();
    }
  }

  @Test
  @Survives(value = FaultRow.LOST_WRITE, notAs = "keepsWhatDoesNotVerify")
  void aWriteThatTheDeviceLostIsAMissAndCounted() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "before");
      long data = data(s);
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset >= data ? new Outcome.Lost() : SimulatedDevice.DONE);
      put(s, "lost");
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(version(s, "lost")).isZero();
      assertThat(version(s, "before")).isEqualTo(1);
      assertThat(s.store.stats().checksumFailures()).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.MISDIRECTED, notAs = "believesWhateverIsThere")
  void aMisdirectedWriteIsAMissAndSoIsItsVictimAndNobodyGetsAnothersBytes() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "victim");
      long victim = place(s, "victim");
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset != victim
              ? new Outcome.Misdirected(victim)
              : SimulatedDevice.DONE);
      put(s, "misdirected");
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(version(s, "misdirected")).isZero();
      assertThat(version(s, "victim")).isZero();
      assertThat(s.store.stats().checksumFailures()).isEqualTo(2);
    }
  }

  @Test
  void aMisdirectedReadIsReadAgain() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "k");
      put(s, "other");
      long other = place(s, "other");
      AtomicInteger left = new AtomicInteger(1);
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ && offset != other && left.getAndDecrement() > 0
              ? new Outcome.Misdirected(other)
              : SimulatedDevice.DONE);
      assertThat(version(s, "k")).isEqualTo(1);
      assertThat(left.get()).isLessThan(1);
    }
  }

  @Test
  void aStaleReadIsAMiss() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "k");
      device.faults(
          (kind, offset, bytes) -> kind == Kind.READ ? new Outcome.Stale() : SimulatedDevice.DONE);
      assertThat(version(s, "k")).isZero();
      assertThat(s.store.stats().checksumFailures()).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.TWO_PROCESSES, notAs = "neverStops")
  void anotherMountFencesThisOneAndWhoWaitsIsLetGo() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      List<WrittenRecord> unsettled = new ArrayList<>();
      CompletableFuture<WrittenRecord> waiting;
      for (int i = 0; ; i++) { // nothing can be reclaimed, so in the end one waits
        waiting = s.write("k" + i, 1);
        if (!waiting.isDone()) {
          break;
        }
        unsettled.add(waiting.join());
      }
      assertThat(unsettled).isNotEmpty();
      Superblock now = Superblocks.open(device);
      Superblocks.write(device, now.mounted(now.mountSequence() + 1));
      assertThatThrownBy(s.store::checkpoint).hasMessageContaining("no longer this process's");
      CompletableFuture<WrittenRecord> released = waiting;
      assertThatThrownBy(() -> released.get(SimulatedStore.PATIENCE_SECONDS, TimeUnit.SECONDS))
          .hasMessageContaining("another process has opened the device");
    }
  }

  @Test
  @Survives(value = FaultRow.SMALLER, notAs = "doesNotLookAtTheSize")
  void aSmallerDeviceIsRefusedAndALargerOneKeepsItsGeometry() throws Exception {
    byte[][] image = SimulatedStore.formatted();
    byte[][] smaller = java.util.Arrays.copyOf(image, image.length - 1);
    assertThatThrownBy(() -> SimulatedStore.open(SimulatedDevice.prompt(smaller), WRITTEN))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("restore its size");
    byte[][] larger = SimulatedDevice.blank((long) image.length * 8192);
    System.arraycopy(image, 0, larger, 0, image.length);
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(larger), WRITTEN)) {
      assertThat(s.store.identity().segments()).isEqualTo(SimulatedStore.SEGMENTS);
      put(s, "k");
      assertThat(version(s, "k")).isEqualTo(1);
    }
  }

  @Test
  void aRolledBackTableOrSuperblockIsSetRightByTheSegmentsHeaders() throws Exception {
    byte[][] old = device.image();
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 60; i++) {
        put(s, "k" + i);
      }
      s.checkpoint();
      put(s, "last");
    }
    byte[][] image = device.image();
    int start = (1 << 20) / Device.BLOCK_BYTES;
    System.arraycopy(old, 0, image, 0, start); // superblock A and both sides are of the past
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(image), WRITTEN)) {
      assertThat(version(s, "last")).isEqualTo(1);
      for (int i = 30; i < 60; i++) {
        assertThat(version(s, "k" + i)).as("k" + i).isEqualTo(1);
      }
    }
  }

  @Test
  void aTornSegmentHeaderIsTheOldOneOrTheNew() {
    UUID uuid = UUID.randomUUID();
    ByteBuffer old = ByteBuffer.allocate(SegmentHeader.BYTES);
    ByteBuffer fresh = ByteBuffer.allocate(SegmentHeader.BYTES);
    SegmentHeader before = new SegmentHeader(uuid, 3, 7, true, Nonce.random(), 99);
    SegmentHeader after = new SegmentHeader(uuid, 3, 8, false, Nonce.random(), 100);
    before.encode(old);
    after.encode(fresh);
    for (int sectors = 0; sectors < 256; sectors++) { // every subset of the eight
      ByteBuffer torn = ByteBuffer.allocate(SegmentHeader.BYTES);
      for (int i = 0; i < 8; i++) {
        ByteBuffer source = (sectors >> i & 1) == 0 ? old : fresh;
        ByteBuffer _ = torn.put(512 * i, source, 512 * i, 512);
      }
      assertThat(SegmentHeader.decode(torn, uuid, 3)).isIn(before, after);
    }
  }

  @Test
  void aStalledDeviceKeepsNobodyFromClosing() throws Exception {
    SimulatedStore s = SimulatedStore.open(device, WRITTEN);
    put(s, "k");
    device.faults((kind, offset, bytes) -> new Outcome.Stalled());
    CompletableFuture<Void> put = s.put("stalled", 1);
    assertThat(put).isNotDone();
    s.close();
    assertThat(put).isCompletedExceptionally();
  }

  /** Where the block of a key's record starts on the device. */
  private static long place(SimulatedStore s, String name) {
    Volume volume = s.store.volume();
    long location =
        volume
            .index()
            .get(
                SimulatedStore.key(name).slot(),
                SimulatedStore.key(name).fingerprint(),
                Long.MIN_VALUE);
    long offset =
        volume.geometry().segmentOffset(Location.segment(location))
            + (long) Location.offsetUnits(location) * Location.UNIT_BYTES;
    return offset & -Device.BLOCK_BYTES;
  }

  @Test
  void bitRotInPaddingHarmsNobodyAndElsewhereIsAMiss() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "k");
      long at = place(s, "k");
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment block = arena.allocate(Device.BLOCK_BYTES, Device.BLOCK_BYTES);
        int blocks = 0;
        int missed = 0;
        long end = at + (SimulatedStore.length("k", 1) + 8191 & -4096);
        for (long offset = at; offset < end; offset += Device.BLOCK_BYTES, blocks++) {
          BlockingIo.read(device, offset, block);
          byte old = block.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 4095);
          block.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 4095, (byte) (old ^ 1));
          BlockingIo.write(device, offset, block);
          missed += version(s, "k") == 0 ? 1 : 0;
          put(s, "k2");
        }
        assertThat(missed).isBetween(1, blocks);
      }
    }
  }

  @Test
  @Survives(value = FaultRow.STALE, notAs = "believesHeadersOfThePast")
  void aSegmentHeaderOfThePastIsRejected() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "first");
      long stamp =
          s.store.find(
              SimulatedStore.key("first").slot(), SimulatedStore.key("first").fingerprint());
      long header = s.store.volume().geometry().segmentOffset(Location.stampSegment(stamp));
      // Whatever is written to this header is lost, though the device says it is not.
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset == header ? new Outcome.Lost() : SimulatedDevice.DONE);
      for (int i = 0; !s.evicted.contains("first"); i++) {
        put(s, "churn" + i);
      }
      s.checkpoint();
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(device.image()), WRITTEN)) {
      assertThat(version(s, "first")).isZero();
    }
  }

  @Test
  @Survives(value = FaultRow.STALE, notAs = "comparesNoNonces")
  void aFormattedDeviceHoldsNothingOfItsFormerLife() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 30; i++) {
        put(s, "former" + i);
      }
    }
    byte[][] again = SimulatedStore.format(device.image(), SimulatedStore.SEGMENTS);
    SimulatedDevice second = SimulatedDevice.prompt(again);
    try (SimulatedStore s = SimulatedStore.open(second, WRITTEN)) {
      put(s, "new");
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(second.image()), WRITTEN)) {
      assertThat(version(s, "new")).isEqualTo(1);
      for (int i = 0; i < 30; i++) {
        assertThat(version(s, "former" + i)).isZero();
      }
    }
  }

  @Test
  @Survives(value = FaultRow.CRASH_IN_BETWEEN, notAs = "dropsTombstonesEarly")
  void whatWasDeletedStaysAwayThoughItsTombstonesSegmentGoesBeforeItsCopys() throws Exception {
    String name = "k";
    while (SimulatedStore.length(name, 1) > 10_000) { // more would not be carried on
      name += "k";
    }
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, name);
      long place = place(s, name);
      assertThat(version(s, name)).isEqualTo(1);
      for (int i = 0; place(s, name) == place; i++) { // it was read, so reclaim carries it on
        put(s, "churn" + i);
      }
      assertThat(s.evicted).doesNotContain(name);
      assertThat(s.delete(name).get(SimulatedStore.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      put(s, "beside");
      for (int i = 0; !s.evicted.contains("beside"); i++) {
        put(s, "more" + i);
      }
      for (int i = 0; i < 40; i++) { // and its segment is written anew
        put(s, "last" + i);
      }
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(device.image()), WRITTEN)) {
      assertThat(version(s, name)).isZero();
    }
  }

  @Test
  @Survives(value = FaultRow.READER_IN_RECLAIM, notAs = "doesNotWaitForReaders")
  void aSegmentIsNotReusedWhileAReaderHoldsARecordOfIt() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      put(s, "k");
      long place = place(s, "k");
      CountDownLatch reading = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      device.faults((kind, offset, bytes) -> {
        if (kind == Kind.READ && offset == place && reading.getCount() > 0) {
          reading.countDown();
          awaitQuietly(goOn);
        }
        return SimulatedDevice.DONE;
      });
      CompletableFuture<Integer> read =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return version(s, "k");
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              },
              task -> Thread.ofPlatform().start(task));
      assertThat(reading.await(10, TimeUnit.SECONDS)).isTrue();
      CompletableFuture<Void> churn =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < 200; i++) { // more than the device holds
                    put(s, "churn" + i);
                  }
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              },
              task -> Thread.ofPlatform().start(task));
      await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> s.evicted.contains("k") || place(s, "k") != place);
      Thread.sleep(200); // for what must not happen
      goOn.countDown();
      assertThat(read.get(SimulatedStore.PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(1);
      assertThat(s.store.stats().checksumFailures()).isZero();
      assertThat(churn).succeedsWithin(20, TimeUnit.SECONDS);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      boolean _ = latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  @Survives(value = FaultRow.WRONG_DEVICE, notAs = "believesAnotherDevicesSegments")
  void nothingOfAnotherDevicesSegmentsIsBelieved() throws Exception {
    byte[][][] images = new byte[2][][];
    for (int i = 0; i < 2; i++) {
      SimulatedDevice one = SimulatedDevice.prompt(SimulatedStore.formatted());
      try (SimulatedStore s = SimulatedStore.open(one, WRITTEN)) {
        for (int k = 0; k < 30; k++) {
          put(s, "device" + i + "-" + k);
        }
      }
      images[i] = one.image();
    }
    // The blocks of the one come to lie under the other's superblocks and checkpoints.
    int start = (1 << 20) / Device.BLOCK_BYTES;
    int end = images[0].length - Geometry.EDGE_BYTES / Device.BLOCK_BYTES;
    System.arraycopy(images[1], start, images[0], start, end - start);
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(images[0]), WRITTEN)) {
      for (int k = 0; k < 30; k++) {
        assertThat(version(s, "device0-" + k)).isZero();
        assertThat(version(s, "device1-" + k)).isZero();
      }
      put(s, "new");
      assertThat(version(s, "new")).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.CRASH_IN_BETWEEN, notAs = "formatsOverWhatIsThere")
  void aCrashInMidFormatNeverLeavesTheOldDeviceHalfThere() throws Exception {
    byte[][] old = SimulatedStore.formatted();
    UUID before = Superblocks.open(SimulatedDevice.prompt(old)).deviceUuid();
    SimulatedDevice formatting = SimulatedDevice.prompt(old);
    Geometry geometry = Superblocks.open(formatting).geometry();
    DeviceIdentity after = DeviceFormat.format(formatting, geometry, "test", "node-1");
    CrashImages images = new CrashImages(old, formatting.log(), true);
    int unformatted = 0;
    boolean overwritten = false;
    while (images.hasNext()) {
      Event event = images.next();
      overwritten |=
          event instanceof Event.Submitted write
              && write.page() >= Geometry.EDGE_BYTES / Device.BLOCK_BYTES
              && write.page() < geometry.segmentsStart() / Device.BLOCK_BYTES;
      for (int i = 0; i < 10; i++) {
        Superblock found = Superblocks.read(SimulatedDevice.prompt(images.sample(random))).newest();
        unformatted += found == null ? 1 : 0;
        if (found != null && overwritten) {
          assertThat(found.deviceUuid()).isEqualTo(after.deviceUuid()).isNotEqualTo(before);
        }
      }
    }
    assertThat(unformatted).isPositive();
  }
}
