package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Superblock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DamageTest {
  private static final long SIZE = 64 * MIB;
  private static final long MAX_VALUE = 2 * MIB;
  private static final int SEGMENT = 4 << 20;

  @TempDir Path directory;
  private Path file;
  private Path copy;

  @BeforeEach
  void format() {
    file = directory.resolve("device");
    copy = directory.resolve("copy");
    TestStore.format(file, SIZE, MAX_VALUE);
  }

  @Test
  @Survives(value = FaultRow.BIT_ROT, notAs = "comparesNoChecksums")
  void aFlippedBitIsAMissAndCountedAndTold() throws Exception {
    List<Long> evicted = new CopyOnWriteArrayList<>();
    try (TestStore s =
        TestStore.open(StoreConfig.of(file), (slot, print, stamp, cause) -> evicted.add(stamp))) {
      s.put("large", 300_000);
      s.put("small", 3000);
      s.put("header", 300_000);
      s.put("other", 300_000);
      long large = s.stamp("large");
      long small = s.stamp("small");
      long header = s.stamp("header");
      TestStore.flip(file, s.offset("large", SIZE, MAX_VALUE) + 4096 + 299_999);
      TestStore.flip(file, s.offset("small", SIZE, MAX_VALUE) + 1000);
      TestStore.flip(file, s.offset("header", SIZE, MAX_VALUE) + 4000);
      assertThat(s.get("large")).isNull();
      assertThat(s.get("small")).isNull();
      assertThat(s.get("header")).isNull();
      assertThat(s.get("other")).isEqualTo(bytes("other", 300_000));
      assertThat(s.store.stats().checksumFailures()).isEqualTo(3);
      assertThat(s.stamp("large")).isZero();
      assertThat(evicted).containsExactlyInAnyOrder(large, small, header);
      assertThat(s.pool.usedBytes()).isZero();
    }
  }

  @Test
  void aTornLastRecordIsAbsentAndTheOthersAreThere() throws Exception {
    long end;
    try (TestStore s = TestStore.open(file)) {
      for (int i = 0; i < 10; i++) {
        s.put("small" + i, 500 * i);
        s.put("large" + i, 70_000 + i);
      }
      s.put("torn", 200_000);
      end = s.offset("torn", SIZE, MAX_VALUE) + 4096 + 200_000;
      Files.copy(file, copy);
    }
    TestStore.overwrite(copy, (end & -4096) - 8192, 8192);
    for (int round = 0; round < 2; round++) {
      try (TestStore s = TestStore.open(copy)) {
        if (round == 0) {
          assertThat(s.store.recovery().rejected()).containsEntry("torn record", 1L);
        }
        assertThat(s.get("torn")).isNull();
        for (int i = 0; i < 10; i++) {
          assertThat(s.get("small" + i)).isEqualTo(bytes("small" + i, 500 * i));
          assertThat(s.get("large" + i)).isEqualTo(bytes("large" + i, 70_000 + i));
        }
      }
    }
  }

  @Test
  void aHoleBeforeAnAcknowledgedRecordDoesNotHideIt() throws Exception {
    long hole;
    try (TestStore s = TestStore.open(file)) {
      s.put("first", 100_000);
      s.put("hole", 100_000);
      s.put("group", 100);
      s.put("last", 100_000);
      hole = s.offset("hole", SIZE, MAX_VALUE);
      Files.copy(file, copy);
    }
    TestStore.overwrite(copy, hole, 4096 + 102_400);
    try (TestStore s = TestStore.open(copy)) {
      assertThat(s.get("hole")).isNull();
      for (String name : List.of("first", "last")) {
        assertThat(s.get(name)).isEqualTo(bytes(name, 100_000));
      }
      assertThat(s.get("group")).isEqualTo(bytes("group", 100));
    }
  }

  @Test
  @Survives(value = FaultRow.BOTH_SIDES, notAs = "scansNoHeaders")
  void bothSidesOfTheCheckpointMayBeBad() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      for (int i = 0; i < 30; i++) {
        s.put("k" + i, 400_000);
      }
      assertThat(s.delete("k7")).isTrue();
    }
    Geometry geometry = Geometry.choose("test", SIZE, MAX_VALUE);
    TestStore.overwrite(file, geometry.sideOffset(0), 2 * geometry.sideBytes());
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.store.recovery().checkpointUsed()).isFalse();
      for (int i = 0; i < 30; i++) {
        byte[] expected = bytes("k" + i, 400_000);
        assertThat(s.get("k" + i)).isEqualTo(i == 7 ? null : expected);
      }
      for (int i = 0; i < 300; i++) { // and it goes on through reclaim
        s.put("n" + i, 400_000);
      }
      assertThat(s.get("n299")).isEqualTo(bytes("n299", 400_000));
    }
  }

  @Test
  void aBadFooterIsReplacedByAScan() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      for (int i = 0; i < 30; i++) {
        s.put("k" + i, 300_000);
      }
    }
    Geometry geometry = Geometry.choose("test", SIZE, MAX_VALUE);
    for (int i = 0; i < geometry.segmentCount(); i++) {
      TestStore.flip(file, geometry.segmentOffset(i) + SEGMENT - 2000);
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.store.recovery().segmentsScanned()).isPositive();
      for (int i = 0; i < 30; i++) {
        assertThat(s.get("k" + i)).isEqualTo(bytes("k" + i, 300_000));
      }
    }
  }

  @Test
  void aBadSegmentHeaderIsReplacedByTheTable() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 300_000);
    }
    Geometry geometry = Geometry.choose("test", SIZE, MAX_VALUE);
    for (int i = 0; i < geometry.segmentCount(); i++) {
      TestStore.flip(file, geometry.segmentOffset(i) + 20);
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.store.recovery().rejected()).containsKey("damaged segment header");
      assertThat(s.get("k")).isEqualTo(bytes("k", 300_000));
    }
  }

  @Test
  void eitherSuperblockIsEnoughAndNoneIsRefused() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 10);
    }
    TestStore.overwrite(file, Superblock.OFFSET_A, 4096);
    try (TestStore s = TestStore.open(file)) { // which writes both again
      assertThat(s.get("k")).isEqualTo(bytes("k", 10));
    }
    TestStore.overwrite(file, Superblock.offsetB(SIZE), 4096);
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.get("k")).isEqualTo(bytes("k", 10));
    }
    TestStore.overwrite(file, Superblock.OFFSET_A, 4096);
    TestStore.overwrite(file, Superblock.offsetB(SIZE), 4096);
    assertThatThrownBy(() -> TestStore.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is not a Larder device, or both its superblocks are damaged");
  }

  @Test
  @Survives(value = FaultRow.IMAGE_OF_A_RECORD, notAs = "believesRecordsAnywhere")
  void aValueThatContainsARecordIsNotTakenForOne() throws Exception {
    byte[] image;
    Path other = directory.resolve("other");
    TestStore.format(other, SIZE, MAX_VALUE);
    try (TestStore s = TestStore.open(other)) {
      s.put("victim", 70_000);
      try (var channel = java.nio.channels.FileChannel.open(other)) {
        var buffer = java.nio.ByteBuffer.allocate(4096 + 73_728);
        channel.read(buffer, s.offset("victim", SIZE, MAX_VALUE));
        image = buffer.array();
      }
    }
    try (TestStore s = TestStore.open(file)) {
      var block = s.block("carrier", 16 * 4096 + image.length);
      block.payload().chunk(0).put(4096, image);
      block.payload().setCrc(0, block.payload().computeCrc(0));
      s.store.write(TestStore.key("carrier"), block).get().publish();
      block.payload().release();
      // The carrier's own header is lost, so a scan walks through its value.
      TestStore.overwrite(file, s.offset("carrier", SIZE, MAX_VALUE), 4096);
      Files.copy(file, copy);
    }
    try (TestStore s = TestStore.open(copy)) {
      assertThat(s.store.recovery().segmentsScanned()).isPositive();
      assertThat(s.store.recovery().records()).isZero();
      assertThat(s.stamp("victim")).isZero();
    }
  }
}
