package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.format.RecordHeader;
import io.larder.testing.Patience;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A device that does not answer, for a while or for ever. */
class StallTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;
  private static final StoreConfig.Durability FLUSH = StoreConfig.Durability.FLUSH;
  private static final int DEADLINE_MS = 200;

  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());

  private SimulatedStore open(StoreConfig.Durability durability) {
    return SimulatedStore.open(device, durability, DEADLINE_MS);
  }

  private void stall(Kind stalled) {
    device.faults(
        (kind, offset, bytes) -> kind == stalled ? new Outcome.Stalled() : SimulatedDevice.DONE);
  }

  private void answer() {
    device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
    device.resume();
  }

  private static void put(SimulatedStore s, String name) throws Exception {
    Patience.get(s.put(name, 1));
  }

  @Test
  void aPutThatIsNotAnsweredFailsInTimeAndNoneIsTakenAfterwards() throws Exception {
    try (SimulatedStore s = open(WRITTEN)) {
      put(s, "before");
      stall(Kind.WRITE);
      assertThatThrownBy(() -> put(s, "stalled"))
          .hasMessageContaining("was not answered within 200 ms")
          .hasMessageContaining("read-only until the node is restarted");
      assertThat(s.store.stats().readOnly()).isTrue();
      assertThat(s.store.stats().stalled()).isTrue();
      assertThat(s.store.stats().stalls()).isEqualTo(1);
      answer(); // nobody knows what else it forgot meanwhile
      assertThatThrownBy(() -> put(s, "after")).hasMessageContaining("read-only");
      await().until(() -> !s.store.stats().stalled());
      assertThat(s.version("stalled")).isZero();
      assertThat(s.version("before")).isEqualTo(1);
    }
  }

  @Test
  void theMemoryOfAFailedPutStaysTheDevicesUntilItAnswers() throws Exception {
    long before = SimulatedStore.memoryBytes();
    try (SimulatedStore s = open(WRITTEN)) {
      put(s, "before"); // which opens a segment
      stall(Kind.WRITE);
      String large = "a";
      while (SimulatedStore.length(large, 1) < RecordHeader.LARGE_VALUE_BYTES) {
        large += "a";
      }
      String name = large;
      assertThatThrownBy(() -> put(s, name)).hasMessageContaining("not answered");
      assertThat(SimulatedStore.memoryBytes()).isGreaterThan(before);
      answer();
      assertThat(SimulatedStore.memoryBytes()).isEqualTo(before);
    }
  }

  @Test
  @Survives(value = FaultRow.STALLED, notAs = "waitsForReadsForEver")
  void aReadThatIsNotAnsweredIsAMissAndNothingIsForgotten() throws Exception {
    long before = SimulatedStore.memoryBytes();
    try (SimulatedStore s = open(WRITTEN)) {
      put(s, "k");
      stall(Kind.READ);
      assertThat(s.version("k")).isZero();
      await()
          .until(() -> s.store.stats().stalled()); // the reader's clock began before the device's
      int pending = device.pending(); // one, or two if the reader gave up before the watchdog did
      for (int i = 0; i < 1000; i++) { // at once from now on, and nothing piles up
        assertThat(s.store.read(SimulatedStore.key("k"))).isCompletedWithValue(null);
      }
      assertThat(device.pending()).isEqualTo(pending);
      answer();
      await().untilAsserted(() -> assertThat(s.version("k")).isEqualTo(1));
      put(s, "after");
      assertThat(s.store.stats().readOnly()).isFalse();
      assertThat(SimulatedStore.memoryBytes()).isEqualTo(before);
    }
  }

  @Test
  void nothingPilesUpAtADeviceThatDoesNotWrite() throws Exception {
    long before = SimulatedStore.memoryBytes();
    try (SimulatedStore s = open(WRITTEN)) {
      put(s, "k");
      stall(Kind.WRITE);
      List<CompletableFuture<Void>> puts = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        puts.add(s.put("k" + i, 1));
      }
      for (CompletableFuture<Void> put : puts) {
        assertThat(put).failsWithin(Patience.limit());
      }
      int pending = device.pending();
      for (int i = 0; i < 300; i++) {
        assertThat(s.put("more" + i, 1)).isCompletedExceptionally();
      }
      assertThat(device.pending()).isEqualTo(pending);
      assertThat(s.store.stats().waitingWrites()).isZero();
      assertThat(s.version("k")).isEqualTo(1);
      answer();
      assertThat(SimulatedStore.memoryBytes()).isEqualTo(before);
    }
  }

  @Test
  void aFlushThatIsNotAnsweredFailsEveryPutItCoversAndFencesTheStore() throws Exception {
    try (SimulatedStore s = open(FLUSH)) {
      put(s, "before");
      stall(Kind.FLUSH);
      CompletableFuture<Void> first = s.put("first", 1);
      CompletableFuture<Void> second = s.put("second", 1); // waits for the flush after that
      for (CompletableFuture<Void> put : List.of(first, second)) {
        assertThatThrownBy(() -> Patience.get(put))
            .hasMessageContaining("write or flush was not answered");
      }
      answer();
      assertThatThrownBy(() -> put(s, "after")).hasMessageContaining("read-only");
      assertThat(s.version("first")).isZero();
      assertThat(s.version("second")).isZero();
      assertThat(s.version("before")).isEqualTo(1);
    }
  }

  @Test
  void noFlushIsTrustedAfterOneThatFailed() throws Exception {
    try (SimulatedStore s = open(FLUSH)) {
      stall(Kind.FLUSH);
      CompletableFuture<Void> covered = s.put("covered", 1);
      CompletableFuture<Void> next = s.put("next", 1);
      AtomicInteger flushes = new AtomicInteger();
      device.faults((kind, offset, bytes) ->
          kind == Kind.FLUSH && flushes.getAndIncrement() == 0
              ? new Outcome.Failed("EIO")
              : SimulatedDevice.DONE);
      device.resume();
      assertThat(covered).failsWithin(Patience.limit());
      assertThat(next).failsWithin(Patience.limit());
      assertThat(flushes.get()).isEqualTo(1);
      assertThat(s.version("covered")).isZero();
      assertThat(s.version("next")).isZero();
    }
  }

  @Test
  void aStalledDeviceKeepsNobodyFromClosing() throws Exception {
    SimulatedStore s = open(WRITTEN);
    put(s, "k");
    stall(Kind.WRITE);
    CompletableFuture<Void> put = s.put("stalled", 1);
    Patience.await(Thread.ofPlatform().start(s.store::close)); // it stalls for ever
    assertThat(put).isCompletedExceptionally();
  }

  @Test
  void aDeviceThatStallsAtTheLastCheckpointKeepsNobodyFromClosing() throws Exception {
    SimulatedStore s = open(WRITTEN);
    put(s, "k");
    long segments = s.store.volume().geometry().segmentsStart();
    device.faults(
        (kind, offset, bytes) -> // footers are written, the checkpoint is not
        kind == Kind.WRITE && offset < segments ? new Outcome.Stalled() : SimulatedDevice.DONE);
    Patience.await(Thread.ofPlatform().start(s.store::close)); // it stalls for ever
  }
}
