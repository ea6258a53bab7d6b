package io.larder.node.store.log;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.store.format.CheckpointTable;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.Superblock;
import java.io.IOException;

/** Everything an image has to say about one key, believed or not: for the message of a failure. */
final class DeviceDump {
  private DeviceDump() {}

  static String of(byte[][] image, String key) throws IOException {
    StringBuilder text = new StringBuilder();
    long fingerprint = SimulatedStore.key(key).fingerprint();
    try (SimulatedDevice device = SimulatedDevice.prompt(image)) {
      Superblock superblock = Superblocks.open(device);
      Geometry geometry = superblock.geometry();
      CheckpointTable table = new Checkpoint(device, geometry, superblock.deviceUuid()).load();
      try (SegmentReader reader = new SegmentReader(device, geometry)) {
        for (int i = 0; i < geometry.segmentCount(); i++) {
          SegmentHeader header = reader.header(i, superblock.deviceUuid());
          CheckpointTable.Entry entry = table == null ? null : table.entries()[i];
          text.append("\n  segment ").append(i).append(": ");
          text.append(
              header == null
                  ? "no header"
                  : "generation " + header.generation() + (header.free() ? " free" : " in use"));
          text.append(
              entry == null
                  ? ", no table"
                  : ", in the table " + entry.generation() + " " + entry.state());
          if (header == null || header.free()) {
            continue;
          }
          SegmentFooter footer = reader.footer(i, header.generation(), header.nonce());
          text.append(footer == null ? ", no footer" : ", footer of " + footer.count());
          list(text, ", listed", footer, fingerprint);
          list(text, ", found", reader.scan(i, header.generation(), header.nonce()), fingerprint);
        }
      }
    }
    return text.toString();
  }

  private static void list(
      StringBuilder text,
      String what,
      @org.jspecify.annotations.Nullable SegmentFooter records,
      long fingerprint) {
    for (int i = 0; records != null && i < records.count(); i++) {
      if (records.fingerprint(i) == fingerprint) {
        text.append(what)
            .append(" at ")
            .append(records.offsetUnits(i))
            .append(" LSN ")
            .append(Long.toHexString(records.lsn(i)))
            .append(
                records.isTombstone(i)
                    ? " mode "
                        + records.mode(i)
                        + " of "
                        + Long.toHexString(records.first(i))
                        + " "
                        + Long.toHexString(records.second(i))
                    : " version " + records.second(i));
      }
    }
  }
}
