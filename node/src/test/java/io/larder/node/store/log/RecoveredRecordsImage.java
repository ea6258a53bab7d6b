package io.larder.node.store.log;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.store.format.Superblock;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * What recovery makes of an image, without anything else of the store running.
 *
 * @param records location by fingerprint
 */
record RecoveredRecordsImage(Map<Long, Long> records, long pinnedBytes) {
  static RecoveredRecordsImage of(byte[][] image) throws IOException {
    try (SimulatedDevice device = SimulatedDevice.prompt(image)) {
      Superblock superblock = Superblocks.open(device);
      Recovery recovery =
          new Recovery(
              device,
              superblock,
              new Checkpoint(device, superblock.geometry(), superblock.deviceUuid()).load());
      recovery.read(() -> {});
      Index index = new Index(recovery.segments());
      Pins pins = new Pins(Long.MAX_VALUE);
      recovery.index(index, pins);
      Map<Long, Long> records = new TreeMap<>();
      for (int slot = 0; slot < Slots.COUNT; slot++) {
        index.forEach(
            slot,
            Long.MIN_VALUE,
            (fingerprint, location, stamp, expiresAtMs) -> {
              records.put(fingerprint, location);
            });
      }
      return new RecoveredRecordsImage(records, pins.bytes());
    }
  }
}
