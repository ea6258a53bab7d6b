package io.larder.node.store;

import static io.larder.node.store.TestStore.MIB;
import static io.larder.node.store.TestStore.key;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KillTest {
  private static final int ROUNDS = 4;
  private static final int ACKNOWLEDGED_A_ROUND = 600;

  @TempDir Path directory;

  @Test
  void aPutAcknowledgedBeforeKillIsThereAfterRestart() throws Exception {
    Path file = directory.resolve("device");
    DeviceIdentity _ = TestStore.format(file, 64 * MIB, 2 * MIB);
    Map<String, Integer> acknowledged = new LinkedHashMap<>();
    Set<String> deleting = new HashSet<>();
    Set<String> deleted = new HashSet<>();
    Set<Long> evicted = ConcurrentHashMap.newKeySet();
    long lostLater = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Process child =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  KillChild.class.getName(),
                  file.toString(),
                  String.valueOf(round))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      int seen = 0;
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          String[] words = line.split(" ", -1);
          if (words.length < 3) {
            continue; // cut by the kill
          }
          switch (words[0]) {
            case "stored" -> {
              acknowledged.put(words[1], Integer.parseInt(words[2]));
              seen++;
            }
            case "deleting" -> deleting.add(words[1]);
            case "deleted" -> deleted.add(words[1]);
            case "evicted" -> evicted.add(Long.parseLong(words[1]));
            default -> throw new AssertionError("the child said " + line);
          }
          if (seen == ACKNOWLEDGED_A_ROUND) {
            // SIGKILL; through the handle, so that what it wrote before can still be read.
            assertThat(child.toHandle().destroyForcibly()).isTrue();
          }
        }
      } finally {
        Process _ = child.destroyForcibly();
      }
      assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(seen).isGreaterThanOrEqualTo(ACKNOWLEDGED_A_ROUND);

      try (TestStore s =
          TestStore.open(StoreConfig.of(file), (slot, print, stamp) -> evicted.add(print))) {
        for (Map.Entry<String, Integer> one : acknowledged.entrySet()) {
          String name = one.getKey();
          byte[] value = s.get(name);
          if (value != null) {
            assertThat(deleted).doesNotContain(name);
            assertThat(value).as(name).isEqualTo(TestStore.bytes(name, one.getValue()));
          } else if (!deleting.contains(name)) {
            assertThat(evicted).as("%s in round %s", name, round).contains(key(name).fingerprint());
            lostLater++;
          }
        }
        assertThat(s.store.stats().checksumFailures()).isZero();
      }
    }
    assertThat(lostLater).as("reclaim ran").isPositive();
    assertThat(deleted).isNotEmpty();
  }
}
