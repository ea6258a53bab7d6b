package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.device.CrashImages;
import io.larder.node.device.Device;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Event;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreException;
import io.larder.node.store.WrittenRecord;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Superblock;
import io.larder.testing.Patience;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A device that is not, no longer, or not all of it this store's. */
class ForeignDeviceTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;

  private final SplittableRandom random = new SplittableRandom(1);
  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());

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
      assertThatThrownBy(() -> Patience.get(released))
          .hasMessageContaining("another process has opened the device");
    }
  }

  @Test
  @Survives(value = FaultRow.SMALLER, notAs = "doesNotLookAtTheSize")
  void aSmallerDeviceIsRefusedAndALargerOneKeepsItsGeometry() throws Exception {
    byte[][] image = SimulatedStore.formatted();
    byte[][] smaller = Arrays.copyOf(image, image.length - 1);
    assertThatThrownBy(() -> SimulatedStore.open(SimulatedDevice.prompt(smaller), WRITTEN))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("restore its size");
    byte[][] larger = SimulatedDevice.blank((long) image.length * 8192);
    System.arraycopy(image, 0, larger, 0, image.length);
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(larger), WRITTEN)) {
      assertThat(s.store.identity().segments()).isEqualTo(SimulatedStore.SEGMENTS);
      s.put("k");
      assertThat(s.version("k")).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.STALE, notAs = "comparesNoNonces")
  void aFormattedDeviceHoldsNothingOfItsFormerLife() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 30; i++) {
        s.put("former" + i);
      }
    }
    byte[][] again = SimulatedStore.format(device.image(), SimulatedStore.SEGMENTS);
    SimulatedDevice second = SimulatedDevice.prompt(again);
    try (SimulatedStore s = SimulatedStore.open(second, WRITTEN)) {
      s.put("new");
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(second.image()), WRITTEN)) {
      assertThat(s.version("new")).isEqualTo(1);
      for (int i = 0; i < 30; i++) {
        assertThat(s.version("former" + i)).isZero();
      }
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
          s.put("device" + i + "-" + k);
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
        assertThat(s.version("device0-" + k)).isZero();
        assertThat(s.version("device1-" + k)).isZero();
      }
      s.put("new");
      assertThat(s.version("new")).isEqualTo(1);
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
