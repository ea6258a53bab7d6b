package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreException;
import io.larder.testing.Patience;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A device that says that it fails, or says nothing. */
class FailingDeviceTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;
  private static final StoreConfig.Durability FLUSH = StoreConfig.Durability.FLUSH;

  private final SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());

  @Test
  @Survives(value = FaultRow.EIO_ON_READ, notAs = "quarantinesNothing")
  void anUnreadableRecordIsAMissAndItsSegmentIsQuarantined() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("k");
      s.put("other");
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      assertThat(s.version("k")).isZero();
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(s.version("k")).isZero();
      assertThat(s.version("other")).isEqualTo(1);
      assertThat(s.store.stats().readErrors()).isEqualTo(2);
      for (int i = 0; i < 40; i++) { // until its writing ends
        s.put("more" + i);
      }
      assertThat(s.store.stats().segmentsByState()).containsEntry("quarantined", 1);
      for (int i = 0; i < 400; i++) { // reclaim leaves it alone
        s.put("churn" + i);
      }
      assertThat(s.version("other")).isEqualTo(1);
      assertThat(s.version("churn399")).isEqualTo(1);
    }
  }

  @Test
  void aPinnedRecordThatReclaimCannotReadStaysWhereItIs() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("k");
      assertThat(Patience.get(s.pin("k", true))).isTrue();
      long place = s.place("k");
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ && offset == place ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      for (int i = 0; i < 300; i++) {
        s.put("churn" + i);
      }
      device.faults((kind, offset, bytes) -> SimulatedDevice.DONE);
      assertThat(s.version("k")).isEqualTo(1);
      assertThat(s.store.stats().segmentsByState()).containsEntry("quarantined", 1);
    }
  }

  @Test
  void tooManyUnreadableSegmentsStopWritingAndReadingGoesOn() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 60; i++) {
        s.put("k" + i);
      }
      long data = s.store.volume().geometry().segmentsStart();
      device.faults((kind, offset, bytes) ->
          kind == Kind.READ && offset >= data ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      for (int i = 0; i < 60; i++) {
        assertThat(s.version("k" + i)).isZero();
      }
      await().until(() -> s.store.stats().readOnly());
      assertThatThrownBy(() -> s.put("new"))
          .hasRootCauseInstanceOf(StoreException.class)
          .hasMessageContaining("could not be read")
          .hasMessageContaining("read-only");
    }
  }

  @Test
  @Survives(value = FaultRow.ENOSPC, notAs = "countsNoFailures")
  void aFailedWriteFailsItsPutAndTheNextGoesOnElsewhere() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("before");
      long data = s.store.volume().geometry().segmentsStart();
      AtomicInteger left = new AtomicInteger(1);
      for (Outcome outcome :
          List.of(
              new Outcome.Failed("EIO"),
              new Outcome.Failed("ENOSPC: no space left on device"),
              new Outcome.Partial(1))) {
        left.set(1);
        device.faults((kind, offset, bytes) ->
            kind == Kind.WRITE && offset >= data && left.getAndDecrement() > 0
                ? outcome
                : SimulatedDevice.DONE);
        assertThatThrownBy(() -> s.put("failed"))
            .hasRootCauseInstanceOf(IOException.class)
            .hasMessageContaining("could not be written; put it again");
        assertThat(s.version("failed")).isZero();
        s.put("after " + outcome);
        assertThat(s.version("after " + outcome)).isEqualTo(1);
      }
      assertThat(s.version("before")).isEqualTo(1);
      assertThat(s.store.stats().writeErrors()).isGreaterThanOrEqualTo(3);
      assertThat(s.store.stats().readOnly()).isFalse();
    }
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_WRITE, notAs = "countsNoFailures")
  void afterSixteenFailedWritesTheStoreIsReadOnly() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("before");
      long data = s.store.volume().geometry().segmentsStart();
      device.faults(
          (kind, offset, bytes) -> // segments can be opened, but take no records
          kind == Kind.WRITE && offset > data && (offset - data) % SimulatedStore.SEGMENT_BYTES > 0
                  ? new Outcome.Failed("EIO")
                  : SimulatedDevice.DONE);
      for (int i = 0; i < 16; i++) {
        assertThat(s.store.stats().readOnly()).isFalse();
        String name = "k" + i;
        assertThatThrownBy(() -> s.put(name)).hasMessageContaining("could not be written");
      }
      assertThat(s.store.stats().readOnly()).isTrue();
    }
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_WRITE, notAs = "neverStops")
  void aDeviceThatTakesNoWritesMakesTheStoreReadOnly() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      s.put("before");
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE ? new Outcome.Failed("EIO") : SimulatedDevice.DONE);
      for (int i = 0; i < 40; i++) {
        String name = "k" + i;
        assertThatThrownBy(() -> s.put(name)).isInstanceOf(ExecutionException.class);
      }
      assertThat(s.store.stats().readOnly()).isTrue();
      assertThat(s.version("before")).isEqualTo(1);
    }
  }

  @Test
  @Survives(value = FaultRow.EIO_ON_FLUSH, notAs = "neverStops")
  void aFailedFlushFailsEveryPutItCoveredAndFencesTheStore() throws Exception {
    try (SimulatedStore s = SimulatedStore.open(device, FLUSH)) {
      s.put("before");
      AtomicInteger flushes = new AtomicInteger();
      device.faults((kind, offset, bytes) ->
          kind == Kind.FLUSH && flushes.getAndIncrement() == 0
              ? new Outcome.Failed("EIO")
              : SimulatedDevice.DONE);
      assertThatThrownBy(() -> s.put("failed")).hasRootCauseInstanceOf(IOException.class);
      // The device would flush again by now, but what it lost is unknown.
      assertThatThrownBy(() -> s.put("next"))
          .hasMessageContaining("a flush failed")
          .hasMessageContaining("read-only");
      assertThat(s.version("before")).isEqualTo(1);
      assertThat(s.version("failed")).isZero();
    }
  }

  @Test
  void aStalledDeviceKeepsNobodyFromClosing() throws Exception {
    SimulatedStore s = SimulatedStore.open(device, WRITTEN);
    s.put("k");
    device.faults((kind, offset, bytes) -> new Outcome.Stalled());
    CompletableFuture<Void> put = s.put("stalled", 1);
    assertThat(put).isNotDone();
    s.close();
    assertThat(put).isCompletedExceptionally();
  }
}
