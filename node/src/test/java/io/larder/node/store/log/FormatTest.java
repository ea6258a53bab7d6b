package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Event;
import io.larder.node.store.format.Checksum;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.GroupHeader;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.RecordHeader;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Superblock;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What goes to the device, byte by byte and write by write. */
class FormatTest {
  private static final UUID DEVICE = new UUID(1, 2);
  private static final Nonce NONCE = new Nonce(3, 4);

  /** A change of any of these is a change of the format: raise its version. */
  @Test
  void theFormatOfEachStructureIsPinned() throws Exception {
    TreeMap<String, Integer> hashes = new TreeMap<>();
    ByteBuffer block = ByteBuffer.allocate(Geometry.BLOCK_BYTES);
    Geometry geometry = Geometry.choose("test", 64L << 20, 0);
    new Superblock(DEVICE, "cluster", "node", geometry, 5, 6, NONCE).encode(block);
    hashes.put("superblock", Checksum.of(block, 0, block.capacity()));
    new SegmentHeader(DEVICE, 7, 8, false, NONCE, 9).encode(block);
    hashes.put("segment header", Checksum.of(block, 0, block.capacity()));
    RecordHeader record =
        new RecordHeader(
            RecordHeader.Kind.LARGE,
            0,
            10,
            11,
            12,
            new PutToken(13, 14),
            15,
            new RecordHeader.Place(7, 8, NONCE, 64, 1664),
            "key".getBytes(StandardCharsets.UTF_8),
            "metadata".getBytes(StandardCharsets.UTF_8),
            100_000,
            new int[] {16});
    record.encode(block, 0);
    hashes.put("record", Checksum.of(block, 0, block.capacity()));
    ByteBuffer group = ByteBuffer.allocate(Geometry.BLOCK_BYTES);
    new GroupHeader(7, 8, NONCE, 64, 64, new int[] {GroupHeader.place(2, 3)}).encode(group);
    hashes.put("group", Checksum.of(group, 0, group.capacity()));
    SegmentFooter footer = new SegmentFooter();
    footer.add(record);
    footer.encode(block, 7, 8, NONCE);
    hashes.put("footer", Checksum.of(block, 0, block.capacity()));
    SimulatedDevice device = SimulatedDevice.prompt(SimulatedDevice.blank(64L << 20));
    Segments segments = new Segments(geometry.segmentCount());
    segments.identity(1, 8, NONCE, 9);
    segments.state(1, SegmentState.SEALED);
    new Checkpoint(device, geometry, DEVICE).write(segments, 6, 17);
    List<byte[]> side = new ArrayList<>();
    for (int at = 0; at < geometry.sideBytes(); at += Geometry.BLOCK_BYTES) {
      side.add(device.image()[(int) (geometry.sideOffset(0) + at) / Geometry.BLOCK_BYTES]);
    }
    ByteBuffer table = ByteBuffer.allocate(geometry.sideBytes());
    side.forEach(table::put);
    hashes.put("checkpoint", Checksum.of(table, 0, table.capacity()));
    assertThat(hashes.toString())
        .isEqualTo(
            "{checkpoint=2104405746, footer=1231839064, group=1522424227, record=151040302,"
                + " segment header=1913367461, superblock=-585728064}");
  }

  @Test
  void aCheckpointWritesTheBlocksChangedInTheLastTwoIntervalsAndTheRootToTheOlderSide()
      throws Exception {
    int count = 63 * 5; // five blocks
    long size = (long) (count + 8) * SimulatedStore.SEGMENT_BYTES;
    Geometry geometry =
        new Geometry(size, SimulatedStore.SEGMENT_BYTES, count, Geometry.sideBytes(count));
    SimulatedDevice device = SimulatedDevice.prompt(SimulatedDevice.blank(size));
    Segments segments = new Segments(count);
    Checkpoint checkpoint = new Checkpoint(device, geometry, DEVICE);
    assertThat(written(device, geometry, checkpoint, segments))
        .isEqualTo("0: 1 2 3 4 5 flush 0 flush ");
    assertThat(written(device, geometry, checkpoint, segments))
        .isEqualTo("1: 1 2 3 4 5 flush 0 flush ");
    segments.identity(0, 1, NONCE, 1);
    assertThat(written(device, geometry, checkpoint, segments)).isEqualTo("0: 1 flush 0 flush ");
    segments.identity(63 * 3, 1, NONCE, 2);
    assertThat(written(device, geometry, checkpoint, segments)).isEqualTo("1: 1 4 flush 0 flush ");
    assertThat(written(device, geometry, checkpoint, segments)).isEqualTo("0: 4 flush 0 flush ");
    assertThat(written(device, geometry, checkpoint, segments)).isEqualTo("1: flush 0 flush ");
  }

  /** Side, then the blocks written and the flushes, in order. */
  private static String written(
      SimulatedDevice device, Geometry geometry, Checkpoint checkpoint, Segments segments)
      throws Exception {
    int before = device.log().size();
    checkpoint.write(segments, 1, 1);
    StringBuilder text = new StringBuilder();
    long side = -1;
    for (Event event : device.log().subList(before, device.log().size())) {
      if (event instanceof Event.Submitted write) {
        long at = (long) write.page() * Geometry.BLOCK_BYTES - geometry.sideOffset(0);
        side = at / geometry.sideBytes();
        text.append(at % geometry.sideBytes() / Geometry.BLOCK_BYTES).append(' ');
      } else if (event instanceof Event.FlushCompleted) {
        text.append("flush ");
      }
    }
    return side + ": " + text;
  }
}
