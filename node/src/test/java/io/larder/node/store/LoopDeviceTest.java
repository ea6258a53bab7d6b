package io.larder.node.store;

import static io.larder.node.store.TestStore.MIB;
import static io.larder.node.store.TestStore.bytes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.larder.node.device.SparseFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a real block device, where the user may make one. */
class LoopDeviceTest {
  @TempDir Path directory;
  private String loop = "";

  @BeforeEach
  void attach() throws Exception {
    Path file = directory.resolve("backing");
    SparseFile.create(file, 64 * MIB);
    loop = run("losetup", "-f", "--show", "--direct-io=on", file.toString());
    assumeTrue(loop.startsWith("/dev/"), "needs root and losetup");
  }

  @AfterEach
  void detach() throws Exception {
    if (loop.startsWith("/dev/")) {
      String _ = run("losetup", "-d", loop);
    }
  }

  private static String run(String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      return ""; // not installed
    }
    String output = new String(process.getInputStream().readAllBytes(), UTF_8).trim();
    return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0 ? output : "";
  }

  @Test
  void aBlockDeviceKeepsItsRecordsAndIsOpenedByOneOnly() throws Exception {
    Path device = Path.of(loop);
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
