package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.store.DeviceVerification;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Superblock;
import io.larder.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceVerifierTest {
  private static final long SIZE = 64 * MIB;
  private static final long MAX_VALUE = 2 * MIB;
  private static final Geometry GEOMETRY = Geometry.choose("test", SIZE, MAX_VALUE);

  @TempDir Path directory;
  private Path file;
  private Path crashed;
  private long large;
  private long small;
  private long last;

  /** A device that was closed, and a copy of it as it was before. */
  @BeforeEach
  void fill() throws Exception {
    file = directory.resolve("device");
    crashed = directory.resolve("crashed");
    TestStore.format(file, SIZE, MAX_VALUE);
    try (TestStore s = TestStore.open(file)) {
      s.put("large", 300_001);
      s.put("small", 3001);
      s.put("deleted", 1000);
      s.put("replaced", 1000);
      s.put("replaced", 2000);
      assertThat(s.delete("deleted")).isTrue();
      assertThat(Patience.get(s.store.pin(key("small").slot(), key("small").fingerprint(), true)))
          .isTrue();
      for (int i = 0; i < 20; i++) { // seals a segment
        s.put("more" + i, 250_000);
      }
      large = s.offset("large", SIZE, MAX_VALUE);
      small = s.offset("small", SIZE, MAX_VALUE);
      last = s.offset("more19", SIZE, MAX_VALUE);
      Files.copy(file, crashed);
    }
  }

  private static DeviceVerification verify(Path path) {
    return DeviceVerifier.verify(path, () -> {});
  }

  private void isDamage(String kind, String place) {
    DeviceVerification found = verify(file);
    assertThat(found.damage()).containsOnlyKeys(kind).containsEntry(kind, 1L);
    assertThat(found.places()).singleElement().asString().contains(place);
    assertThat(found.isWhole()).isFalse();
  }

  @Test
  void aWholeDeviceIsCountedByKindAndNotChanged() throws Exception {
    Path before = Files.copy(file, directory.resolve("before"));
    DeviceVerification found = verify(file);
    assertThat(found.damage()).isEmpty();
    assertThat(found.leftovers()).isEmpty();
    assertThat(found.records()).hasToString("{live=23, pins=1, superseded=2, tombstones=1}");
    assertThat(found.bytesRead()).isGreaterThan(20 * 250_000);
    assertThat(Files.mismatch(file, before)).isEqualTo(-1);
  }

  @Test
  void whatACrashLeavesIsNoDamage() throws Exception {
    TestStore.overwrite(crashed, last + 4096 + 200_704, 49_152); // as if it had not been written
    DeviceVerification found = verify(crashed);
    assertThat(found.damage()).isEmpty();
    assertThat(found.leftovers()).hasToString("{incomplete=1}");
    assertThat(found.records()).containsEntry("live", 22L);
  }

  @Test
  void aBadHeaderIsNamedWithItsPlace() throws Exception {
    TestStore.flip(file, large + 100);
    isDamage("record headers", "a live record");
  }

  @Test
  void aBadValueIsNamedWithItsPlace() throws Exception {
    TestStore.flip(file, small + 1000);
    isDamage("record values", "a live record");
  }

  @Test
  void aBadGroupHeaderIsNamed() throws Exception {
    TestStore.flip(file, (small & -4096) + 40);
    DeviceVerification found = verify(file);
    assertThat(found.damage()).containsOnlyKeys("group headers");
    assertThat(found.records()).containsEntry("live", 22L);
  }

  @Test
  void badPaddingIsCounted() throws Exception {
    TestStore.flip(file, large + 4096 + 300_001 + 5);
    assertThat(verify(file).damage()).hasToString("{padding=1}");
  }

  @Test
  void aBadFooterIsNamedAndItsRecordsAreFoundAllTheSame() throws Exception {
    TestStore.flip(file, GEOMETRY.segmentOffset(0) + GEOMETRY.segmentBytes() - 2000);
    isDamage("footers", "segment 0");
    assertThat(verify(file).records()).containsEntry("live", 23L);
  }

  @Test
  void aBadSegmentHeaderIsNamed() throws Exception {
    TestStore.flip(file, GEOMETRY.segmentOffset(0) + 20);
    isDamage("segment headers", "segment 0");
  }

  @Test
  void aBadSuperblockAndBadCheckpointsAreNamed() throws Exception {
    TestStore.flip(file, Superblock.OFFSET_A + 100);
    isDamage("superblocks", "one copy");
    TestStore.flip(file, GEOMETRY.sideOffset(0) + 100);
    isDamage("superblocks", "one copy"); // a crash may leave one side torn
    TestStore.flip(file, GEOMETRY.sideOffset(1) + 100);
    assertThat(verify(file).damage()).containsOnlyKeys("superblocks", "checkpoints");
  }

  @Test
  void aDeviceInUseIsRefused() {
    try (TestStore _ = TestStore.open(file)) {
      assertThatThrownBy(() -> verify(file))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("locked by another process");
    }
  }
}
