package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.bytes;
import static io.larder.node.store.log.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.node.store.StoreConfig;
import io.larder.node.store.WrittenRecord;
import io.larder.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReclaimTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void format() {
    file = directory.resolve("device");
    TestStore.format(file, 64 * MIB, 2 * MIB);
  }

  private static int length(int i) {
    return i % 3 == 0 ? 100 + i % 60_000 : 66_000 + i * 7919 % 400_000;
  }

  @Test
  void aFullDeviceForgetsTheOldestAndNeverRefuses() throws Exception {
    Set<Long> evicted = ConcurrentHashMap.newKeySet();
    try (TestStore s =
        TestStore.open(StoreConfig.of(file), (slot, print, stamp, cause) -> evicted.add(print))) {
      for (int i = 0; i < 1000; i++) {
        s.put("k" + i, 200_000);
      }
      assertThat(s.store.stats().evictions()).isPositive();
      int present = 0;
      for (int i = 0; i < 1000; i++) {
        byte[] value = s.get("k" + i);
        if (value != null) {
          present++;
          assertThat(value).isEqualTo(bytes("k" + i, 200_000));
        } else {
          assertThat(evicted).contains(key("k" + i).fingerprint());
        }
      }
      assertThat(s.get("k0")).isNull();
      assertThat(s.get("k999")).isNotNull();
      assertThat(present).isGreaterThan(100);
      assertThat(s.store.stats().usedBytes()).isLessThanOrEqualTo(s.store.stats().capacityBytes());
    }
  }

  @Test
  void whatIsReadAgainAndAgainOutlivesWhatIsNot() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      for (int i = 0; i < 1500; i++) { // about four devices
        s.put("k" + i, 200_000);
        if (i >= 20) {
          assertThat(s.get("k" + i % 10)).as("k%d of %d", i % 10, i).isNotNull();
          s.store.touch(key("k" + (10 + i % 10)).fingerprint()); // from a copy in memory
        }
      }
      for (int i = 0; i < 20; i++) {
        assertThat(s.get("k" + i)).isEqualTo(bytes("k" + i, 200_000));
      }
      assertThat(s.get("k20")).isNull();
    }
  }

  @Test
  void aReaderNeverGetsAnotherKeysBytes() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger newest = new AtomicInteger();
    AtomicInteger hits = new AtomicInteger();
    try (TestStore s = TestStore.open(file);
        ExecutorService threads = Executors.newFixedThreadPool(3)) {
      Callable<Void> reader =
          () -> {
            while (!stop.get()) {
              // Mostly about to be reclaimed.
              int i = Math.max(0, newest.get() - ThreadLocalRandom.current().nextInt(350));
              byte[] value = s.get("k" + i);
              if (value != null) {
                hits.incrementAndGet();
                assertThat(value).isEqualTo(bytes("k" + i, length(i)));
              }
            }
            return null;
          };
      List<Future<Void>> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        readers.add(threads.submit(reader));
      }
      for (int i = 0; i < 1500; i++) {
        s.put("k" + i, length(i));
        newest.set(i);
      }
      stop.set(true);
      for (Future<Void> one : readers) {
        Patience.get(one);
      }
      assertThat(hits.get()).isPositive();
      assertThat(s.store.stats().segmentsReclaimed()).isGreaterThan(20);
      assertThat(s.store.stats().checksumFailures()).isZero();
      await().until(() -> s.pool.usedBytes() == 0); // reclaim goes on for a moment
    }
  }

  @Test
  void whatWasDeletedStaysDeletedWhileItsTombstoneMovesOn() throws Exception {
    List<String> deleted = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      Path copy = directory.resolve("copy" + round);
      try (TestStore s = TestStore.open(file)) {
        for (int i = 0; i < 400; i++) {
          String name = "r" + round + "-" + i;
          s.put(name, length(i));
          if (i % 4 == 0) {
            assertThat(s.delete(name)).isTrue();
            deleted.add(name);
          }
        }
        Files.copy(file, copy);
      }
      try (TestStore s = TestStore.open(copy)) {
        for (String name : deleted) {
          assertThat(s.get(name)).as(name).isNull();
        }
      }
      Files.delete(copy);
    }
  }

  @Test
  void anUnsettledRecordKeepsItsSegment() throws Exception {
    try (TestStore s = TestStore.open(file)) {
      WrittenRecord written = s.write("unsettled", 100_000);
      WrittenRecord unread = s.write("unread", 100_000);
      for (int i = 0; i < 1000; i++) {
        s.put("k" + i, 200_000);
      }
      written.publish();
      unread.publish();
      assertThat(s.get("unsettled")).isEqualTo(bytes("unsettled", 100_000));
      assertThat(s.stamp("unread")).isNotZero();
      for (int i = 0; i < 400; i++) { // and now it is the oldest
        s.put("n" + i, 200_000);
      }
      await().until(() -> s.stamp("unread") == 0);
    }
  }
}
