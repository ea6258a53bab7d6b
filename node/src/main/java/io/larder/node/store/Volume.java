package io.larder.node.store;

import io.larder.node.device.Device;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What the parts of an open store share. */
record Volume(
    Device device,
    Geometry geometry,
    UUID deviceUuid,
    Segments segments,
    Index index,
    LogicalClock clock,
    Counters counters,
    AtomicLong lastLsn,
    AtomicReference<@Nullable StoreException> fence) {

  long nextLsn() {
    return lastLsn.incrementAndGet();
  }

  /** Stops all writing for good, with the first reason given. */
  void stopWriting(String reason, @Nullable Throwable cause) {
    String message =
        device.name() + ": " + reason + "; it is read-only until the node is restarted";
    boolean _ =
        fence.compareAndSet(
            null, cause == null ? new StoreException(message) : new StoreException(message, cause));
  }
}
