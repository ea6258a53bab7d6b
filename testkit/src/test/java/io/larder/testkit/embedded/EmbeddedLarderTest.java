package io.larder.testkit.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.client.LarderClient;
import io.larder.client.LarderException;
import io.larder.client.PutOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class EmbeddedLarderTest {

  @Test
  void oneThatIsClosedGivesItsMemoryBack() throws Exception {
    long before = hugeAdvisedKiB();
    for (int i = 0; i < 2; i++) {
      try (EmbeddedLarder larder = EmbeddedLarder.start();
          LarderClient client = larder.newClient()) {
        byte[] key = {(byte) i};
        await() // whose deadlines a busy machine misses
            .ignoreExceptionsInstanceOf(LarderException.class)
            .until(() -> {
              client.blocking().put(key, ByteBuffer.allocate(3 << 20), PutOptions.NONE);
              return client.blocking().getInto(key, ByteBuffer.allocate(3 << 20)).isPresent();
            });
        assertThat(hugeAdvisedKiB()).isGreaterThan(before);
      }
      // When the last who was at work on it has let go.
      await().until(() -> hugeAdvisedKiB() == before);
    }
  }

  /** What this process has mapped and advised onto huge pages, as a node's memory pool is. */
  private static long hugeAdvisedKiB() throws IOException {
    long sum = 0;
    long size = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.startsWith("Size:")) {
        size = Long.parseLong(line.replaceAll("\\D", ""));
      } else if (line.startsWith("VmFlags:") && (line + " ").contains(" hg ")) {
        sum += size;
      }
    }
    return sum;
  }
}
