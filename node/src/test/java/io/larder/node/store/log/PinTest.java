package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.bytes;
import static io.larder.node.store.log.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.block.Block;
import io.larder.node.store.StoreException;
import io.larder.testing.Patience;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PinTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void format() {
    file = directory.resolve("device");
    TestStore.format(file, 64 * MIB, 2 * MIB);
  }

  private static boolean pin(TestStore s, String name, boolean on) throws Exception {
    return Patience.get(s.store.pin(key(name).slot(), key(name).fingerprint(), on));
  }

  /** Puts more than the device holds, so that reclaim empties every segment. */
  private static void churn(TestStore s, String prefix) throws Exception {
    for (int i = 0; i < 450; i++) {
      s.put(prefix + i, 200_000);
    }
  }

  @Test
  void aPinnedValueOutlivesReclaimAndRestartAndKeepsItsStamp() throws Exception {
    long stamp;
    try (TestStore s = TestStore.open(file)) {
      s.put("large", 300_000);
      s.put("small", 3000);
      s.put("empty", 0);
      s.put("plain", 300_000);
      for (String name : List.of("large", "small", "empty")) {
        assertThat(pin(s, name, true)).isTrue();
        assertThat(pin(s, name, true)).isTrue();
      }
      assertThat(pin(s, "absent", true)).isFalse();
      stamp = s.stamp("large");
      churn(s, "a");
      assertThat(s.stamp("large")).isEqualTo(stamp);
      assertThat(s.get("plain")).isNull();
      assertPinnedAreThere(s);
      assertThat(s.store.stats().bytesRelocated()).isPositive();
    }
    for (int round = 0; round < 3; round++) {
      try (TestStore s = TestStore.open(file)) {
        assertPinnedAreThere(s);
        churn(s, "round" + round + "-");
        assertPinnedAreThere(s);
        assertThat(s.store.stats().pinnedBytes()).isBetween(303_000L, 330_000L);
      }
    }
  }

  private static void assertPinnedAreThere(TestStore s) throws Exception {
    assertThat(s.get("large")).isEqualTo(bytes("large", 300_000));
    assertThat(s.get("small")).isEqualTo(bytes("small", 3000));
    assertThat(s.get("empty")).isEqualTo(bytes("empty", 0));
  }

  @Test
  void anEndedPinStaysEndedAfterRestart() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 300_000);
      assertThat(pin(s, "k", true)).isTrue();
      assertThat(pin(s, "k", false)).isTrue();
      assertThat(s.store.stats().pinnedBytes()).isZero();
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.stamp("k")).isNotZero();
      assertThat(s.store.stats().pinnedBytes()).isZero();
      churn(s, "a");
      assertThat(s.store.find(key("k").slot(), key("k").fingerprint())).isZero();
    }
  }

  @Test
  void aDeleteBeatsAPinAndThePinDoesNotReturnWithTheKey() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      s.put("k", 300_000);
      assertThat(pin(s, "k", true)).isTrue();
      churn(s, "a");
      long moved = s.stamp("k");
      assertThat(s.store.delete(key("k").slot(), key("k").fingerprint(), moved).get()).isTrue();
      assertThat(s.get("k")).isNull();
      assertThat(pin(s, "k", true)).isFalse();
      s.put("k", 250_000);
      assertThat(s.store.stats().pinnedBytes()).isZero();
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.get("k")).isEqualTo(bytes("k", 250_000));
      assertThat(s.store.stats().pinnedBytes()).isZero();
      assertThat(s.delete("k")).isTrue();
      churn(s, "b");
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.get("k")).isNull();
    }
  }

  @Test
  void pinsAreRefusedBeyondAQuarterAndTheDeviceStillTakesEverything() throws Exception {
    List<String> pinned = new ArrayList<>();
    try (TestStore s = TestStore.open(file)) {
      for (int i = 0; ; i++) {
        String name = "p" + i;
        s.put(name, 500_000);
        long before = s.store.stats().pinnedBytes();
        if (before + 506_000 > s.store.stats().capacityBytes() / 4) {
          assertThatThrownBy(() -> pin(s, name, true))
              .hasRootCauseInstanceOf(StoreException.class)
              .hasMessageContaining("a quarter of the device")
              .hasMessageContaining("unpin others first");
          assertThat(s.store.stats().pinnedBytes()).isEqualTo(before);
          break;
        }
        assertThat(pin(s, name, true)).isTrue();
        pinned.add(name);
      }
      churn(s, "a");
    }
    try (TestStore s = TestStore.open(file)) {
      churn(s, "b");
      for (String name : pinned) {
        assertThat(s.get(name)).as(name).isEqualTo(bytes(name, 500_000));
      }
      assertThat(pin(s, pinned.getFirst(), false)).isTrue();
      s.put("one more", 500_000);
      assertThat(pin(s, "one more", true)).isTrue();
    }
  }

  @Test
  void whatIsReadOftenOutlivesWhatIsNot() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      for (int i = 0; i < 10; i++) {
        s.put("hot" + i, 20_000 * i);
      }
      long evictions = 0;
      for (int i = 0; i < 1000; i++) {
        s.put("k" + i, 200_000);
        String hot = "hot" + i % 4;
        assertThat(s.get(hot)).as("%s after %s", hot, i).isEqualTo(bytes(hot, 20_000 * (i % 4)));
        evictions = s.store.stats().evictions();
      }
      assertThat(evictions).isPositive();
      assertThat(s.get("hot9")).isNull();
    }
    try (TestStore s = TestStore.open(file)) {
      assertThat(s.get("hot3")).isEqualTo(bytes("hot3", 60_000));
    }
  }

  @Test
  void anExpiredValueIsNotCarriedOnAndGivesItsPinBack() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      Block block = s.block("brief", 300_000, s.store.nowMs() + 500);
      Patience.get(s.store.write(key("brief"), block)).publish();
      block.payload().release();
      assertThat(pin(s, "brief", true)).isTrue();
      assertThat(s.get("brief")).isNotNull(); // and it is hot
      assertThat(s.store.stats().pinnedBytes()).isPositive();
      await().until(() -> s.get("brief") == null);
      churn(s, "a");
      assertThat(s.store.stats().pinnedBytes()).isZero();
      assertThat(s.store.stats().bytesRelocated()).isZero();
    }
  }
}
