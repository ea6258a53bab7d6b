package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A device that holds or returns other bytes than it says. */
class LyingDeviceTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;

  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());

  @Test
  @Survives(value = FaultRow.LOST_WRITE, notAs = "keepsWhatDoesNotVerify")
  void aWriteThatTheDeviceLostIsAMissAndCounted() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("before");
      long data = s.store.volume().geometry().segmentsStart();
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset >= data ? new Outcome.Lost() : SimulatedDevice.DONE);
      s.put("lost");
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(s.version("lost")).isZero();
      assertThat(s.version("before")).isEqualTo(1);
      assertThat(s.store.stats().checksumFailures()).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.MISDIRECTED, notAs = "believesWhateverIsThere")
  void aMisdirectedWriteIsAMissAndSoIsItsVictimAndNobodyGetsAnothersBytes() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("victim");
      long victim = s.place("victim");
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset != victim
              ? new Outcome.Misdirected(victim)
              : SimulatedDevice.DONE);
      s.put("misdirected");
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(s.version("misdirected")).isZero();
      assertThat(s.version("victim")).isZero();
      assertThat(s.store.stats().checksumFailures()).isEqualTo(2);
    }
  }

  @Test
  void aMisdirectedReadIsReadAgain() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("k");
      s.put("other");
      long other = s.place("other");
      AtomicInteger left = new AtomicInteger(1);
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ && offset != other && left.getAndDecrement() > 0
              ? new Outcome.Misdirected(other)
              : SimulatedDevice.DONE);
      assertThat(s.version("k")).isEqualTo(1);
      assertThat(left.get()).isLessThan(1);
    }
  }

  @Test
  void aStaleReadIsAMiss() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("k");
      device.faults(
          (kind, offset, bytes) -> kind == Kind.READ ? new Outcome.Stale() : SimulatedDevice.DONE);
      assertThat(s.version("k")).isZero();
      assertThat(s.store.stats().checksumFailures()).isEqualTo(1);
    }
  }

  @Test
  void bitRotInPaddingHarmsNobodyAndElsewhereIsAMiss() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("k");
      long at = s.place("k");
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment block = arena.allocate(Device.BLOCK_BYTES, Device.BLOCK_BYTES);
        int blocks = 0;
        int missed = 0;
        long end = at + (SimulatedStore.length("k", 1) + 8191 & -4096);
        for (long offset = at; offset < end; offset += Device.BLOCK_BYTES, blocks++) {
          BlockingIo.read(device, offset, block);
          byte old = block.get(ValueLayout.JAVA_BYTE, 4095);
          block.set(ValueLayout.JAVA_BYTE, 4095, (byte) (old ^ 1));
          BlockingIo.write(device, offset, block);
          missed += s.version("k") == 0 ? 1 : 0;
          s.put("k2");
        }
        assertThat(missed).isBetween(1, blocks);
      }
    }
  }

  @Test
  void aRolledBackTableOrSuperblockIsSetRightByTheSegmentsHeaders() throws Exception {
    byte[][] old = device.image();
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 60; i++) {
        s.put("k" + i);
      }
      s.checkpoint();
      s.put("last");
    }
    byte[][] image = device.image();
    int start = (1 << 20) / Device.BLOCK_BYTES;
    System.arraycopy(old, 0, image, 0, start); // superblock A and both sides are of the past
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(image), WRITTEN)) {
      assertThat(s.version("last")).isEqualTo(1);
      for (int i = 30; i < 60; i++) {
        assertThat(s.version("k" + i)).as("k" + i).isEqualTo(1);
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
        torn.put(512 * i, source, 512 * i, 512);
      }
      assertThat(SegmentHeader.decode(torn, uuid, 3)).isIn(before, after);
    }
  }

  @Test
  @Survives(value = FaultRow.STALE, notAs = "believesHeadersOfThePast")
  void aSegmentHeaderOfThePastIsRejected() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("first");
      long stamp =
          s.store.find(
              SimulatedStore.key("first").slot(), SimulatedStore.key("first").fingerprint());
      long header = s.store.volume().geometry().segmentOffset(Location.stampSegment(stamp));
      // Whatever is written to this header is lost, though the device says it is not.
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset == header ? new Outcome.Lost() : SimulatedDevice.DONE);
      for (int i = 0; !s.evicted.contains("first"); i++) {
        s.put("churn" + i);
      }
      s.checkpoint();
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(device.image()), WRITTEN)) {
      assertThat(s.version("first")).isZero();
    }
  }
}
