package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.device.SparseFile;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.DeviceInspection;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.Checksum;
import io.larder.node.store.format.Superblock;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceFormatTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void path() {
    file = directory.resolve("device");
  }

  private static FormatOptions options(Path path, long size, long maxValue, boolean force) {
    return new FormatOptions(path, size, "prod", "node-a", maxValue, force);
  }

  @Test
  void aLargeDeviceGetsSegmentsOf256MiB() {
    DeviceIdentity identity = DeviceFormat.format(options(file, 8L << 30, 0, false));
    assertThat(identity.segmentBytes()).isEqualTo(256 << 20);
    assertThat(identity.segments()).isEqualTo(31);
    assertThat(identity.maxValueBytes()).isEqualTo(128 << 20);
  }

  @Test
  void aSmallDeviceGetsSegmentsOfTwiceTheLargestValue() {
    DeviceIdentity identity = DeviceFormat.format(options(file, 512 * MIB, 8 * MIB, false));
    assertThat(identity.segmentBytes()).isEqualTo(16 << 20);
    assertThat(identity.maxValueBytes()).isEqualTo(8 << 20);
  }

  @Test
  void inspectTellsWhatFormatMade() {
    DeviceIdentity identity = DeviceFormat.format(options(file, 64 * MIB, 0, false));
    DeviceInspection inspection = DeviceFormat.inspect(file);
    assertThat(inspection.identity()).contains(identity);
    assertThat(identity.cluster()).isEqualTo("prod");
    assertThat(identity.nodeId()).isEqualTo("node-a");
    assertThat(inspection.validSuperblocks()).isEqualTo(2);
    assertThat(inspection.leftCheckpoint()).isEqualTo(1);
    assertThat(inspection.rightCheckpoint()).isEqualTo(2);
    assertThat(inspection.segmentsByState()).containsEntry("free", identity.segments());
    assertThat(inspection.content()).isEqualTo("larder");
  }

  @Test
  @Survives(value = FaultRow.WRONG_DEVICE, notAs = "takesEverythingForEmpty")
  void anUnknownDeviceIsNeverFormattedWithoutForce() throws Exception {
    for (long at : new long[] {0, 511, 100_000, 64 * MIB - 1, 64 * MIB - 100_000}) {
      Path foreign = directory.resolve("foreign" + at);
      SparseFile.create(foreign, 64 * MIB);
      try (RandomAccessFile f = new RandomAccessFile(foreign.toFile(), "rw")) {
        f.seek(at);
        f.write(1);
      }
      assertThat(DeviceFormat.inspect(foreign).content()).isEqualTo("foreign");
      assertThatThrownBy(() -> DeviceFormat.format(options(foreign, 0, 0, false)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("holds something else")
          .hasMessageContaining("--force");
      try (RandomAccessFile f = new RandomAccessFile(foreign.toFile(), "r")) {
        f.seek(at);
        assertThat(f.read()).isEqualTo(1);
      }
      DeviceFormat.format(options(foreign, 0, 0, true));
      assertThat(DeviceFormat.inspect(foreign).content()).isEqualTo("larder");
    }
  }

  @Test
  void aLarderDeviceIsNotFormattedAgainWithoutForceAndForgetsEverythingWithIt() throws Exception {
    DeviceIdentity first = TestStore.format(file, 64 * MIB, 0);
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 100_000);
    }
    assertThatThrownBy(() -> DeviceFormat.format(options(file, 0, 0, false)))
        .hasMessageContaining("is a Larder device already");
    DeviceIdentity second = DeviceFormat.format(options(file, 0, 0, true));
    assertThat(second.deviceUuid()).isNotEqualTo(first.deviceUuid());
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.get("k")).isNull();
      assertThat(s.store.stats().entries()).isZero();
    }
  }

  @Test
  void aFileTooSmallIsRefusedWithTheSizeNeededAndNotCreated() {
    assertThatThrownBy(() -> DeviceFormat.format(options(file, 20 * MIB, 0, false)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("too small")
        .hasMessageContaining("at least 34734080 bytes (34 MiB)");
    assertThat(Files.exists(file)).isFalse();
    assertThatThrownBy(() -> DeviceFormat.format(options(file, 200 * MIB, 100 * MIB, false)))
        .hasMessageContaining("or a smaller --max-value");
    DeviceIdentity enough = DeviceFormat.format(options(file, 34734080, 0, false));
    assertThat(enough.segments()).isEqualTo(8);
  }

  @Test
  void aDeviceThatShrankIsRefused() throws Exception {
    DeviceFormat.format(options(file, 64 * MIB, 0, false));
    try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
      f.setLength(60 * MIB);
    }
    assertThatThrownBy(() -> TestStore.open(file)).hasMessageContaining("was formatted with");
  }

  @Test
  @Survives(value = FaultRow.GROWN, notAs = "looksAtTheEndOfTheDevice")
  void aDeviceThatGrewKeepsItsGeometry() throws Exception {
    DeviceIdentity identity = DeviceFormat.format(options(file, 64 * MIB, 0, false));
    try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
      f.setLength(128 * MIB);
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.store.identity()).isEqualTo(identity);
    }
    assertThat(DeviceFormat.inspect(file).validSuperblocks()).isEqualTo(2);
  }

  @Test
  @Survives(value = FaultRow.CONFIGURATION, notAs = "choosesTheGeometryAnew")
  void theSuperblockWinsOverWhatWouldBeChosenNow() {
    DeviceIdentity identity = DeviceFormat.format(options(file, 256 * MIB, 5 * MIB, false));
    assertThat(identity.segmentBytes()).isEqualTo(10 << 20);
    try (TestStore s = TestStore.open(file)) { // and nothing but the path is given here
      assertThat(s.store.identity()).isEqualTo(identity);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 0", "0, 0", "1, 4096"})
  @Survives(value = FaultRow.OTHER_FORMAT, notAs = "understandsEveryFormat")
  void anotherMajorVersionOrAnUnknownFlagIsRefusedAndLeftAlone(short major, long flags)
      throws Exception {
    DeviceFormat.format(options(file, 64 * MIB, 0, false));
    ByteBuffer block = ByteBuffer.allocate(Superblock.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.read(block, Superblock.OFFSET_A);
      block.putShort(12, major).putLong(16, flags);
      block.putInt(8, Checksum.of(block, 12, Superblock.BYTES));
      channel.write(block.position(0), Superblock.OFFSET_A);
    }
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> TestStore.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is not understood by this version");
    assertThatThrownBy(() -> DeviceFormat.format(options(file, 0, 0, false)))
        .hasMessageContaining("is a Larder device already");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void aMissingDeviceSaysSo() {
    assertThatThrownBy(() -> TestStore.open(file))
        .hasMessageContaining("there is no such file or device");
  }
}
