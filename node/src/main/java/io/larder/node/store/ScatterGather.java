package io.larder.node.store;

import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Cuts one long transfer into submissions, submitted all at once. A part that does not fit beside
 * those before begins the next one: a value's chunks stay whole, the header goes with the first.
 */
final class ScatterGather {
  private ScatterGather() {}

  static void write(Device device, long offset, List<MemorySegment> parts, IoCallback callback) {
    run(device, true, offset, parts, callback);
  }

  static void read(Device device, long offset, List<MemorySegment> parts, IoCallback callback) {
    run(device, false, offset, parts, callback);
  }

  private static void run(
      Device device, boolean write, long offset, List<MemorySegment> parts, IoCallback callback) {
    AtomicInteger left = new AtomicInteger(1); // until all are submitted
    AtomicReference<IOException> failure = new AtomicReference<>();
    IoCallback each =
        failed -> {
          if (failed != null) {
            failure.set(failed);
          }
          if (left.decrementAndGet() == 0) {
            callback.done(failure.get());
          }
        };
    long at = offset;
    int part = 0;
    long within = 0;
    while (part < parts.size()) {
      List<MemorySegment> piece = new ArrayList<>(2);
      long room = Device.MAX_SUBMISSION_BYTES;
      while (part < parts.size() && room > 0) {
        MemorySegment source = parts.get(part);
        long rest = source.byteSize() - within;
        if (rest > room && !piece.isEmpty()) {
          break;
        }
        long take = Math.min(rest, room);
        piece.add(source.asSlice(within, take));
        room -= take;
        within += take;
        if (within == source.byteSize()) {
          part++;
          within = 0;
        }
      }
      MemorySegment[] segments = piece.toArray(MemorySegment[]::new);
      int _ = left.incrementAndGet();
      if (write) {
        device.write(at, segments, each);
      } else {
        device.read(at, segments, each);
      }
      at += Device.MAX_SUBMISSION_BYTES - room;
    }
    each.done(null);
  }
}
