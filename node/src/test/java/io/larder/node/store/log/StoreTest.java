package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.bytes;
import static io.larder.node.store.log.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.SlotSummary;
import io.larder.node.device.Engine;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreException;
import io.larder.node.store.WrittenRecord;
import io.larder.testing.Patience;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  private static final int[] LENGTHS = {
    0, 1, 100, 4095, 4096, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, 5 << 20
  };

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void format() {
    file = directory.resolve("device");
    TestStore.format(file, 256 * MIB, 8 * MIB);
  }

  @Test
  void everyLengthComesBackWholeWithItsIdAndMetadata() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      for (int length : LENGTHS) {
        s.put("k" + length, length);
      }
      for (int length : LENGTHS) {
        Block block = Patience.get(s.store.read(key("k" + length)));
        assertThat(block).isNotNull();
        assertThat(TestStore.bytes(block.payload())).isEqualTo(bytes("k" + length, length));
        assertThat(block.id().sequence()).isEqualTo(("k" + length).hashCode());
        assertThat(new String(block.metadata(), StandardCharsets.UTF_8))
            .isEqualTo("meta of k" + length);
        for (int i = 0; i < block.payload().chunkCount(); i++) {
          assertThat(block.payload().crc(i)).isEqualTo(block.payload().computeCrc(i));
        }
        block.payload().release();
      }
      assertThat(s.pool.usedBytes()).isZero();
    }
  }

  @Test
  void everythingIsThereAfterAClose() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      for (int length : LENGTHS) {
        s.put("k" + length, length);
      }
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.store.recovery().segmentsScanned()).isZero();
      assertThat(s.store.recovery().records()).isEqualTo(LENGTHS.length);
      for (int length : LENGTHS) {
        assertThat(s.get("k" + length)).isEqualTo(bytes("k" + length, length));
      }
    }
  }

  @Test
  void everythingAcknowledgedIsThereWithoutAClose() throws Exception {
    Path copy = directory.resolve("copy");
    try (TestStore s = TestStore.open(file)) {
      for (int length : LENGTHS) {
        s.put("k" + length, length);
      }
      Files.copy(file, copy);
    }
    for (int round = 0; round < 2; round++) { // recovering twice gives the same
      try (TestStore s = TestStore.open(copy)) {
        assertThat(s.store.recovery().records()).isEqualTo(LENGTHS.length);
        for (int length : LENGTHS) {
          assertThat(s.get("k" + length)).isEqualTo(bytes("k" + length, length));
        }
      }
    }
  }

  @Test
  void aRecordIsNotVisibleBeforeItIsPublished() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      WrittenRecord written = s.write("k", 100_000);
      assertThat(s.get("k")).isNull();
      assertThat(s.stamp("k")).isZero();
      written.publish();
      assertThat(s.stamp("k")).isEqualTo(written.stamp());
      assertThat(s.get("k")).isEqualTo(bytes("k", 100_000));
      assertThatThrownBy(written::discard).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aDiscardedRecordStaysAwayAfterARestartAndTheOneBeforeItStays() throws Exception {
    Path copy = directory.resolve("copy");
    try (TestStore s = TestStore.open(file)) {
      s.put("old", 1000);
      Patience.get(s.write("old", 2000).discard());
      Patience.get(s.write("never", 70_000).discard());
      Files.copy(file, copy);
    }
    try (TestStore s = TestStore.open(copy)) {
      assertThat(s.get("never")).isNull();
      assertThat(s.get("old")).isEqualTo(bytes("old", 1000));
    }
  }

  @Test
  void whatWasDeletedStaysDeletedAfterARestart() throws Exception {
    Path copy = directory.resolve("copy");
    try (TestStore s = TestStore.open(file)) {
      s.put("small", 10);
      s.put("large", 200_000);
      s.put("again", 10);
      assertThat(s.delete("small")).isTrue();
      assertThat(s.delete("large")).isTrue();
      assertThat(s.delete("again")).isTrue();
      assertThat(s.delete("small")).isFalse();
      assertThat(s.get("large")).isNull();
      s.put("again", 20);
      Files.copy(file, copy);
    }
    for (Path path : List.of(file, copy)) {
      try (TestStore s = TestStore.open(path)) {
        assertThat(s.get("small")).isNull();
        assertThat(s.get("large")).isNull();
        assertThat(s.get("again")).isEqualTo(bytes("again", 20));
      }
    }
  }

  @Test
  void aPutUnderWayWhileItsKeyIsDeletedMayStillBeAcknowledged() throws Exception {
    Path copy = directory.resolve("copy");
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 10);
      WrittenRecord underWay = s.write("k", 20);
      assertThat(s.delete("k")).isTrue();
      underWay.publish();
      Files.copy(file, copy);
    }
    try (TestStore s = TestStore.open(copy)) {
      assertThat(s.get("k")).isEqualTo(bytes("k", 20));
    }
  }

  @Test
  void aDeleteThatMeansAnotherRecordDoesNothing() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 10);
      long stamp = s.stamp("k");
      s.put("k", 20);
      Key k = key("k");
      assertThat(Patience.get(s.store.delete(k.slot(), k.fingerprint(), stamp))).isFalse();
      assertThat(s.get("k")).isEqualTo(bytes("k", 20));
    }
  }

  @Test
  void anExpiredKeyIsAbsentEverywhere() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      Block block = s.block("k", 10, s.store.nowMs() - 1);
      Patience.get(s.store.write(key("k"), block)).publish();
      block.payload().release();
      s.put("stays", 10);
      assertThat(s.get("k")).isNull();
      assertThat(s.stamp("k")).isZero();
      assertThat(s.store.summary(key("k").slot()).count()).isZero();
      List<Long> seen = new ArrayList<>();
      s.store.forEach(key("k").slot(), (fingerprint, stamp, expiry) -> seen.add(fingerprint));
      assertThat(seen).isEmpty();
      Key stays = key("stays");
      assertThat(s.store.summary(stays.slot())).isEqualTo(new SlotSummary(1, stays.fingerprint()));
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.get("k")).isNull();
      assertThat(s.get("stays")).isNotNull();
    }
  }

  @Test
  void concurrentReadersOfAKeyShareOneDeviceRead() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 5 << 20);
      List<CompletableFuture<@Nullable Block>> reads = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        reads.add(s.store.read(key("k")));
      }
      for (CompletableFuture<@Nullable Block> read : reads) {
        Block block = Patience.get(read);
        assertThat(block).isNotNull();
        assertThat(TestStore.bytes(block.payload())).isEqualTo(bytes("k", 5 << 20));
        block.payload().release();
      }
      assertThat(s.store.stats().bytesRead()).isLessThan(50L * (5 << 20));
      assertThat(s.pool.usedBytes()).isZero();
    }
  }

  @Test
  @Survives(value = FaultRow.TWO_PROCESSES, notAs = "locksNothing")
  void aDeviceIsOpenedByOneOnly() {
    try (TestStore _ = TestStore.open(file)) {
      assertThatThrownBy(() -> TestStore.open(file))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("locked by another process");
    }
  }

  @Test
  void aFlushedStoreKeepsItsPuts() throws Exception {
    StoreConfig config =
        new StoreConfig(file, StoreConfig.Durability.FLUSH, Engine.THREADS, 16, 10_000);
    try (TestStore s = TestStore.open(config)) {
      for (int i = 0; i < 20; i++) {
        s.put("k" + i, i * 10_000);
      }
    }
    try (TestStore s = TestStore.open(config)) {
      for (int i = 0; i < 20; i++) {
        assertThat(s.get("k" + i)).isEqualTo(bytes("k" + i, i * 10_000));
      }
    }
  }

  @Test
  void aValueLargerThanConfiguredIsRefusedWithTheLimit() throws Exception {
    Path small = directory.resolve("small");
    DeviceIdentity identity = TestStore.format(small, 64 * MIB, 100_000);
    assertThat(identity.maxValueBytes()).isEqualTo(100_000);
    try (TestStore s = TestStore.open(small)) {
      s.put("k", 100_000);
      assertThatThrownBy(() -> s.put("k2", 100_001))
          .hasMessageContaining("does not fit: this device takes 100000");
    }
  }

  @Test
  void withoutAConfiguredLimitASegmentIsIt() throws Exception {
    Path small = directory.resolve("small");
    DeviceIdentity identity = TestStore.format(small, 64 * MIB, 0);
    assertThat(identity.maxValueBytes()).isEqualTo(identity.segmentBytes() - 3 * 4096);
    try (TestStore s = TestStore.open(small)) {
      s.put("k", identity.maxValueBytes());
      assertThat(s.get("k")).isEqualTo(bytes("k", identity.maxValueBytes()));
      assertThatThrownBy(() -> s.put("k2", identity.maxValueBytes() + 1))
          .hasMessageContaining("does not fit");
    }
  }
}
