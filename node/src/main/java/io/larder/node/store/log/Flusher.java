package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Group commit of flushes: one is in flight at a time, and all writes that finish meanwhile share
 * the next. A failed flush is never retried: the writes that the device lost are unknown, and the
 * next flush might succeed. Thread-safe.
 */
final class Flusher {
  private final Device device;
  private List<IoCallback> waiting = new ArrayList<>();
  private boolean running;
  private @Nullable IOException failed;

  Flusher(Device device) {
    this.device = device;
  }

  /** Calls back when a flush that began after this call is done. */
  void flush(IoCallback callback) {
    synchronized (this) {
      waiting.add(callback);
      if (running) {
        return;
      }
      running = true;
    }
    next();
  }

  private void next() {
    List<IoCallback> covered;
    IOException known;
    synchronized (this) {
      covered = waiting;
      waiting = new ArrayList<>();
      if (covered.isEmpty()) {
        running = false;
        return;
      }
      known = failed;
    }
    if (known != null) {
      tell(covered, known);
      next();
      return;
    }
    device.flush(failure -> {
      synchronized (this) {
        failed = failure;
      }
      tell(covered, failure);
      next();
    });
  }

  private static void tell(List<IoCallback> covered, @Nullable IOException failure) {
    for (IoCallback callback : covered) {
      callback.done(failure);
    }
  }
}
