package io.larder.node.store;

import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Cuts one long transfer into submissions of about equal size, submitted all at once. */
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
    long bytes = 0;
    for (MemorySegment part : parts) {
      bytes += part.byteSize();
    }
    long max = Device.MAX_SUBMISSION_BYTES;
    long pieces = (bytes + max - 1) / max;
    long pieceBytes =
        ((bytes + pieces - 1) / pieces + Device.BLOCK_BYTES - 1) & -Device.BLOCK_BYTES;
    AtomicInteger left = new AtomicInteger((int) ((bytes + pieceBytes - 1) / pieceBytes));
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
    int part = 0;
    long within = 0;
    for (long at = 0; at < bytes; at += pieceBytes) {
      List<MemorySegment> piece = new ArrayList<>(3);
      long want = Math.min(pieceBytes, bytes - at);
      while (want > 0) {
        MemorySegment source = parts.get(part);
        long take = Math.min(want, source.byteSize() - within);
        piece.add(source.asSlice(within, take));
        want -= take;
        within += take;
        if (within == source.byteSize()) {
          part++;
          within = 0;
        }
      }
      MemorySegment[] segments = piece.toArray(MemorySegment[]::new);
      if (write) {
        device.write(offset + at, segments, each);
      } else {
        device.read(offset + at, segments, each);
      }
    }
  }
}
