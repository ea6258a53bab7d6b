package io.larder.node.store;

import io.larder.node.block.Payload;
import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import io.larder.protocol.Limits;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A large value on its way to the device while its end still arrives: pieces go to an extent that
 * was taken for it, the header last, when the value is whole and checked. Until then the extent is
 * a hole, which a scan passes over as it does one that a crash left. Guarded by itself; no I/O
 * under its lock.
 */
final class EarlyWrite implements BlockStore.Arriving {
  private final Volume volume;
  private final Appender appender;
  private final OpenSegment.Extent extent;
  private final Payload payload;
  private final int paddedBytes;

  /** At most half a value, so that one half is written while the other comes. */
  private final int pieceBytes;

  private final long extentOffset;

  private int submittedBytes;

  /** Writes that are not answered, and one for the arrival itself. */
  private int pending = 1;

  private boolean over;
  private @Nullable Append append;
  private @Nullable IOException failure;

  private EarlyWrite(Volume volume, Appender appender, OpenSegment.Extent extent, Payload payload) {
    this.volume = volume;
    this.appender = appender;
    this.extent = extent;
    this.payload = payload.retain();
    this.paddedBytes = blocks(payload.length());
    this.pieceBytes = Math.min(Device.MAX_SUBMISSION_BYTES, blocks(payload.length() / 2));
    this.extentOffset = volume.geometry().segmentOffset(extent.segment().index()) + extent.offset();
    payload.clearPadding();
  }

  /** See {@link BlockStore#beginWrite}. */
  static @Nullable EarlyWrite begin(
      Volume volume, Appender appender, Payload payload, int maxValueBytes) {
    int length = payload.length();
    if (length < RecordHeader.LARGE_VALUE_BYTES || length > maxValueBytes) {
      return null;
    }
    OpenSegment.Extent extent = appender.take(RecordHeader.LARGE_HEADER_BYTES + blocks(length));
    return extent == null ? null : new EarlyWrite(volume, appender, extent, payload);
  }

  private static int blocks(int bytes) {
    return (bytes + Geometry.BLOCK_BYTES - 1) & -Geometry.BLOCK_BYTES;
  }

  @Override
  public void arrived(int bytes) {
    int there = bytes == payload.length() ? paddedBytes : bytes;
    for (; ; ) {
      int from;
      int to;
      synchronized (this) {
        from = submittedBytes;
        int chunkEnd = Math.min(paddedBytes, (from / Limits.CHUNK_BYTES + 1) * Limits.CHUNK_BYTES);
        to = Math.min(chunkEnd, from + pieceBytes);
        if (over || to > there || from == to) {
          return;
        }
        submittedBytes = to;
        pending++;
      }
      int chunk = from / Limits.CHUNK_BYTES;
      MemorySegment piece =
          payload.ioSegment(chunk).asSlice(from - chunk * Limits.CHUNK_BYTES, to - from);
      write(RecordHeader.LARGE_HEADER_BYTES + from, piece, this::answered);
    }
  }

  private void write(int offset, MemorySegment piece, IoCallback callback) {
    volume.device().write(extentOffset + offset, new MemorySegment[] {piece}, callback);
  }

  /** Writes a record, what was begun of it or all. */
  static void append(Appender appender, Append append, BlockStore.@Nullable Arriving begun) {
    if (begun instanceof EarlyWrite early) {
      early.complete(append);
    } else {
      appender.append(append);
    }
  }

  /** Makes it a record: the header is written, and what is left of the value. */
  private void complete(Append whole) {
    RecordHeader header = null;
    synchronized (this) {
      if (!over && failure == null) {
        header = appender.fill(extent, whole);
        append = header == null ? null : whole;
      }
    }
    if (header == null) {
      abandon();
      appender.append(whole);
      return;
    }
    arrived(payload.length());
    synchronized (this) {
      over = true;
      pending++;
    }
    MemorySegment block = appender.headers.take();
    header.encode(block.asByteBuffer(), 0);
    write(
        0,
        block,
        failed -> {
          appender.headers.give(block);
          answered(failed);
        });
    answered(null);
  }

  @Override
  public void abandon() {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    answered(null);
  }

  private void answered(@Nullable IOException failed) {
    Append record;
    IOException why;
    synchronized (this) {
      if (failed != null) {
        failure = failed;
      }
      if (--pending > 0) {
        return;
      }
      record = append;
      why = failure;
    }
    payload.release();
    if (record == null) {
      volume.counters().bytesWritten.add(submittedBytes);
      appender.finish(extent.segment(), List.of(), false, why);
    } else {
      appender.written(extent.segment(), record, why);
    }
  }
}
