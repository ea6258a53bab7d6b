package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.store.StoreConfig;
import io.larder.testing.Patience;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Segments that are written anew while something still depends on what was in them. */
class SegmentReuseTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;

  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());

  @Test
  @Survives(value = FaultRow.CRASH_IN_BETWEEN, notAs = "dropsTombstonesEarly")
  void whatWasDeletedStaysAwayThoughItsTombstonesSegmentGoesBeforeItsCopys() throws Exception {
    String name = "k";
    while (SimulatedStore.length(name, 1) > 10_000) { // more would not be carried on
      name += "k";
    }
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put(name);
      long place = s.place(name);
      assertThat(s.version(name)).isEqualTo(1);
      for (int i = 0; s.place(name) == place; i++) { // it was read, so reclaim carries it on
        s.put("churn" + i);
      }
      assertThat(s.evicted).doesNotContain(name);
      assertThat(Patience.get(s.delete(name))).isTrue();
      s.put("beside");
      for (int i = 0; !s.evicted.contains("beside"); i++) {
        s.put("more" + i);
      }
      for (int i = 0; i < 40; i++) { // and its segment is written anew
        s.put("last" + i);
      }
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(device.image()), WRITTEN)) {
      assertThat(s.version(name)).isZero();
    }
  }

  @Test
  @Survives(value = FaultRow.READER_IN_RECLAIM, notAs = "doesNotWaitForReaders")
  void aSegmentIsNotReusedWhileAReaderHoldsARecordOfIt() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("k");
      long place = s.place("k");
      CountDownLatch reading = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      device.faults((kind, offset, bytes) -> {
        if (kind == Kind.READ && offset == place && reading.getCount() > 0) {
          reading.countDown();
          awaitQuietly(goOn);
        }
        return SimulatedDevice.DONE;
      });
      CompletableFuture<Integer> read =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return s.version("k");
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              },
              task -> Thread.ofPlatform().start(task));
      Patience.await(reading);
      CompletableFuture<Void> churn =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < 200; i++) { // more than the device holds
                    s.put("churn" + i);
                  }
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              },
              task -> Thread.ofPlatform().start(task));
      await().until(() -> s.evicted.contains("k") || s.place("k") != place);
      Thread.sleep(200); // for what must not happen
      goOn.countDown();
      assertThat(Patience.get(read)).isEqualTo(1);
      assertThat(s.store.stats().checksumFailures()).isZero();
      assertThat(churn).succeedsWithin(Patience.limit());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      Patience.await(latch);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
