package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.device.LoopDevice;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.StoreException;
import io.larder.testing.Need;
import io.larder.testing.Needs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a real block device. */
@Needs(Need.LOOP_DEVICES)
class LoopDeviceTest {
  @TempDir Path directory;
  private @Nullable LoopDevice loop;

  @BeforeEach
  void attach() throws IOException {
    loop = new LoopDevice(directory.resolve("backing"), 64 * MIB);
  }

  @AfterEach
  void detach() throws Exception {
    if (loop != null) {
      loop.close();
    }
  }

  @Test
  void aBlockDeviceKeepsItsRecordsAndIsOpenedByOneOnly() throws Exception {
    Path device = Path.of(Objects.requireNonNull(loop).path());
    DeviceIdentity identity = TestStore.format(device, 0, 2 * MIB);
    assertThat(identity.segments()).isGreaterThan(10);
    try (TestStore s = TestStore.open(device)) {
      for (int i = 0; i < 400; i++) { // through reclaim
        s.put("k" + i, i * 700);
      }
      assertThatThrownBy(() -> TestStore.open(device))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("EBUSY");
    }
    try (TestStore s = TestStore.open(device)) {
      for (int i = 300; i < 400; i++) {
        assertThat(s.get("k" + i)).isEqualTo(bytes("k" + i, i * 700));
      }
    }
  }
}
