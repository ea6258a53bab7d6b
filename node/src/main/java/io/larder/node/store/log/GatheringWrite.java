package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One long write in several concurrent submissions, and their common callback. */
final class GatheringWrite implements IoCallback {
  private final IoCallback callback;
  private int left;
  private @Nullable IOException failure;

  private GatheringWrite(int submissions, IoCallback callback) {
    this.left = submissions;
    this.callback = callback;
  }

  /**
   * Writes adjacent pieces.
   *
   * @param pieces each the memory of one submission, at least one
   * @param callback called once, when the device has answered all of them
   */
  static void write(Device device, long offset, MemorySegment[][] pieces, IoCallback callback) {
    GatheringWrite write = new GatheringWrite(pieces.length, callback);
    long at = offset;
    for (MemorySegment[] piece : pieces) {
      device.write(at, piece, write);
      for (MemorySegment segment : piece) {
        at += segment.byteSize();
      }
    }
  }

  @Override
  public void done(@Nullable IOException failed) {
    IOException why;
    synchronized (this) {
      failure = failed == null ? failure : failed;
      left--;
      if (left > 0) {
        return;
      }
      why = failure;
    }
    callback.done(why);
  }
}
