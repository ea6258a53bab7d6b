package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.store.StoreException;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The device of an open store, and the state that its parts share. */
record Volume(
    Device device,
    Geometry geometry,
    UUID deviceUuid,
    Segments segments,
    Index index,
    Pins pins,
    LogicalClock clock,
    Counters counters,
    AtomicLong lastLsn,
    WriteFence fence) {

  private static final Logger LOG = LoggerFactory.getLogger(Volume.class);
  private static final int MAX_QUARANTINED_PART = 4;

  long nextLsn() {
    return lastLsn.incrementAndGet();
  }

  /** Removes an entry if it still has that location; returns its stamp, or 0 if it has not. */
  long remove(int slot, long fingerprint, long location) {
    long stamp = index.remove(slot, fingerprint, location);
    if (stamp != 0) {
      segments.addLiveBytes(Location.segment(location), -Location.lengthBytes(location));
      pins.forget(fingerprint, Long.MAX_VALUE);
    }
    return stamp;
  }

  /**
   * Takes a segment that could not be read or written out of use until the next mount; its other
   * records can still be read. If too many segments are quarantined, writing stops.
   */
  void quarantine(int segment) {
    if (!segments.quarantine(segment)) {
      return;
    }
    int bad = segments.suspects();
    if (bad > segments.count() / MAX_QUARANTINED_PART) {
      stopWriting(bad + " of " + segments.count() + " segments could not be read or written", null);
    }
  }

  /** Stops all writing for good and logs the reason, if it is the first. */
  void stopWriting(String reason, @Nullable Throwable cause) {
    String message =
        device.name() + ": " + reason + "; it is read-only until the node is restarted";
    StoreException why =
        cause == null ? new StoreException(message) : new StoreException(message, cause);
    if (fence.stop(why)) {
      LOG.error(message, cause);
    }
  }
}
