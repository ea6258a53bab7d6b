package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.device.DirectDevice;
import io.larder.node.store.DeviceVerification;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.CheckpointTable;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Superblock;
import io.larder.node.store.format.Tombstone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads every record of a device that no node has open, and writes nothing. It compares the records
 * that each segment's footer lists with those that a scan finds whole: place, key and every
 * checksum.
 */
public final class DeviceVerifier implements SegmentWalk.Visitor {
  private static final int MAX_PLACES = 20;

  private final Device device;
  private final Superblock superblock;
  private final @Nullable CheckpointTable table;
  private final Segments segments;
  private final Index index;

  // Guarded by `this`.
  private final Map<String, Long> records = new TreeMap<>();
  private final Map<String, Long> leftovers = new TreeMap<>();
  private final Map<String, Long> damage = new TreeMap<>();
  private final List<String> places = new ArrayList<>();
  private long bytesRead;

  private DeviceVerifier(Device device) throws IOException {
    this.device = device;
    this.superblock = Superblocks.open(device);
    Geometry geometry = superblock.geometry();
    this.table = new Checkpoint(device, geometry, superblock.deviceUuid()).load();
    Recovery recovery = new Recovery(device, superblock, table);
    recovery.read(() -> {});
    this.segments = recovery.segments();
    this.index = new Index(segments);
    this.bytesRead = recovery.index(index, new Pins(Long.MAX_VALUE)).bytesRead();
    if (Superblocks.read(device).valid() < 2) {
      damaged("superblocks", "one copy of the superblock; the next start writes it again");
    }
    if (table == null) {
      damaged("checkpoints", "both sides of the checkpoint; the next start does without");
    }
  }

  /**
   * Reads everything.
   *
   * @param segmentRead called after each segment, on several threads
   * @throws StoreException if the device is in use, missing, or not Larder's
   */
  public static DeviceVerification verify(Path path, Runnable segmentRead) {
    long start = System.nanoTime();
    try (Device device = DirectDevice.open(path)) {
      DeviceVerifier verifier = new DeviceVerifier(device);
      Geometry geometry = verifier.superblock.geometry();
      SegmentWalk.visit(
          device,
          geometry,
          IntStream.range(0, geometry.segmentCount()).toArray(),
          verifier,
          segmentRead);
      return verifier.result((System.nanoTime() - start) / 1_000_000);
    } catch (IOException e) {
      throw new StoreException(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void visit(SegmentReader reader, int segment) throws IOException {
    SegmentHeader header = reader.header(segment, superblock.deviceUuid());
    if (header == null && segments.state(segment) != SegmentState.FREE) {
      damaged("segment headers", "header of segment " + segment);
    }
    if (segments.state(segment) != SegmentState.FREE) {
      verify(reader, segment, segments.generation(segment), segments.nonce(segment));
    }
  }

  @Override
  public void unreadable(int segment, IOException why) {
    damaged("unreadable segments", "segment " + segment + ": " + why.getMessage());
  }

  @Override
  public void finished(SegmentReader reader) {
    synchronized (this) {
      bytesRead += reader.bytesRead();
    }
    count(leftovers, "stale", reader.stale());
    if (reader.dirtyPadding() > 0) {
      count(damage, "padding", reader.dirtyPadding());
    }
  }

  private void verify(SegmentReader reader, int segment, int generation, Nonce nonce)
      throws IOException {
    SegmentFooter listed = reader.footer(segment, generation, nonce);
    long tornBefore = reader.torn();
    SegmentFooter whole = reader.scan(segment, generation, nonce);
    if (listed == null) {
      if (wasSealed(segment, generation)) {
        damaged("footers", "footer of segment " + segment + "; the next start scans it");
      }
      count(leftovers, "incomplete", reader.torn() - tornBefore);
      for (int i = 0; i < whole.count(); i++) {
        countWhole(segment, whole, i);
      }
      return;
    }
    Set<Integer> found = new HashSet<>();
    for (int i = 0; i < whole.count(); i++) {
      found.add(whole.offsetUnits(i));
    }
    for (int i = 0; i < listed.count(); i++) {
      SegmentReader.@Nullable Fault fault =
          found.remove(listed.offsetUnits(i))
              ? null
              : reader.fault(segment, generation, nonce, listed, i);
      if (fault == null) {
        countWhole(segment, listed, i);
        continue;
      }
      String kind =
          switch (fault) {
            case HEADER -> "record headers";
            case VALUE -> "record values";
            case GROUP -> "group headers";
          };
      damaged(
          kind,
          "segment %d, offset %d, %s"
              .formatted(
                  segment,
                  listed.offsetUnits(i) * Location.UNIT_BYTES,
                  listed.isTombstone(i)
                      ? "a tombstone"
                      : isLive(segment, listed, i) ? "a live record" : "superseded"));
    }
    count(leftovers, "unlisted", found.size());
  }

  private boolean wasSealed(int segment, int generation) {
    if (table == null) {
      return false;
    }
    CheckpointTable.Entry entry = table.entries()[segment];
    return entry.state() == SegmentState.SEALED && entry.generation() == generation;
  }

  private void countWhole(int segment, SegmentFooter footer, int i) {
    String kind;
    if (footer.isTombstone(i)) {
      boolean pin = footer.mode(i) == Tombstone.PIN || footer.mode(i) == Tombstone.UNPIN;
      kind = pin ? "pins" : "tombstones";
    } else {
      kind = isLive(segment, footer, i) ? "live" : "superseded";
    }
    count(records, kind, 1);
  }

  private boolean isLive(int segment, SegmentFooter footer, int i) {
    return index.get(footer.slot(i), footer.fingerprint(i), Long.MIN_VALUE)
        == Location.pack(segment, footer.offsetUnits(i), footer.lengthUnits(i));
  }

  private synchronized void count(Map<String, Long> where, String kind, long how) {
    if (how > 0) {
      where.merge(kind, how, Long::sum);
    }
  }

  private synchronized void damaged(String kind, String place) {
    count(damage, kind, 1);
    if (places.size() < MAX_PLACES) {
      places.add(kind + ": " + place);
    }
  }

  private synchronized DeviceVerification result(long durationMs) {
    return new DeviceVerification(
        device.name(),
        durationMs,
        bytesRead,
        new TreeMap<>(records),
        new TreeMap<>(leftovers),
        new TreeMap<>(damage),
        List.copyOf(places));
  }
}
