package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.larder.node.device.CrashImages;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Event;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.Superblock;
import io.larder.testing.Patience;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Reclaim may take the last free segment to carry on what it must keep, and crash right then. */
class LastSegmentTest {
  private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.larder.node.store");
  private static final int PINNED = 6;

  @BeforeAll
  static void hundredsOfRecoveriesAreNotLogged() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void othersAre() {
    LOG.setLevel(null);
  }

  @Test
  @Survives(value = FaultRow.CRASH_IN_BETWEEN, notAs = "leavesNoSegmentFree")
  void aCrashThatLeavesNoSegmentFreeLeavesAStoreThatTakesPuts() throws Exception {
    byte[][] image = SimulatedStore.formatted();
    SimulatedDevice device = SimulatedDevice.prompt(image);
    try (SimulatedStore s = SimulatedStore.open(device, StoreConfig.Durability.WRITTEN)) {
      for (int i = 0; i < PINNED; i++) { // so that reclaim has much to carry on
        put(s, "pinned" + i);
        Patience.get(s.pin("pinned" + i, true));
      }
      for (int i = 0; i < 400; i++) {
        put(s, "k" + i);
        if (i % 2 == 0) { // so that no segment is without a tombstone that is still needed
          Patience.get(s.delete("k" + i));
        }
      }
    }
    int full = 0;
    CrashImages images = new CrashImages(image, device.log(), false);
    Ledger ledger = new Ledger();
    while (images.hasNext()) {
      Event event = images.next();
      CrashCheck.follow(ledger, event);
      if (event instanceof Event.Submitted && isFull(images.least())) {
        full++;
        goesOn(images.least(), ledger.copy());
      }
    }
    assertThat(full).as("crashes that left no segment free").isPositive();
  }

  private static void put(SimulatedStore s, String name) throws Exception {
    Patience.get(s.put(name, 1));
  }

  /** Whether every segment holds records. */
  private static boolean isFull(byte[][] image) throws Exception {
    try (SimulatedDevice device = SimulatedDevice.prompt(image)) {
      Superblock superblock = Superblocks.open(device);
      Geometry geometry = superblock.geometry();
      try (SegmentReader reader = new SegmentReader(device, geometry)) {
        for (int i = 0; i < geometry.segmentCount(); i++) {
          SegmentHeader header = reader.header(i, superblock.deviceUuid());
          if (header == null
              || header.free()
              || reader.scan(i, header.generation(), header.nonce()).count() == 0) {
            return false;
          }
        }
      }
      return true;
    }
  }

  private static void goesOn(byte[][] image, Ledger ledger) throws Exception {
    SimulatedDevice device = SimulatedDevice.prompt(image);
    try (SimulatedStore s = SimulatedStore.open(device, StoreConfig.Durability.WRITTEN)) {
      for (int i = 0; i < 60; i++) { // more than was left of the device
        put(s, "after" + i);
      }
      for (String key : ledger.keys()) {
        int version = s.version(key);
        assertThat(ledger.allowed(key).contains(version) || s.evicted.contains(key))
            .as("version %d of %s", version, key)
            .isTrue();
        if (ledger.isPinned(key)) {
          assertThat(version).as(key).isEqualTo(1);
        }
      }
    }
  }
}
