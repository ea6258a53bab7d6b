package io.larder.node.store;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Which values are pinned: reclaim always carries them on. A pin belongs to the value its key had
 * when it was made: what is put later is not pinned, and a deletion beats it. Thread-safe.
 */
final class Pins {
  /** The share of the device that may be pinned; reclaim needs the rest to make room. */
  private static final int SHARE = 4;

  /** The LSN of the marker that made the pin, and the bytes it keeps. */
  private record Pin(long lsn, long bytes) {}

  private final ConcurrentHashMap<Long, Pin> pins = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger underWay = new AtomicInteger();
  private final long maxBytes;

  Pins(long capacityBytes) {
    this.maxBytes = capacityBytes / SHARE;
  }

  long maxBytes() {
    return maxBytes;
  }

  /** The bytes of pinned records, those included whose markers are being written. */
  long bytes() {
    return bytes.get();
  }

  boolean isPinned(long fingerprint) {
    return pins.containsKey(fingerprint);
  }

  /** Sets bytes aside for a pin whose marker is about to be written; false if that is too much. */
  boolean begin(long recordBytes) {
    if (bytes.addAndGet(recordBytes) > maxBytes) {
      long _ = bytes.addAndGet(-recordBytes);
      return false;
    }
    int _ = underWay.incrementAndGet();
    return true;
  }

  /** Ends what {@link #begin} began: the marker of that LSN is durable, or null for a failure. */
  void end(long fingerprint, long recordBytes, @Nullable Long markerLsn) {
    if (markerLsn == null) {
      long _ = bytes.addAndGet(-recordBytes);
    } else {
      put(fingerprint, markerLsn, recordBytes);
    }
    int _ = underWay.decrementAndGet();
  }

  /** Takes over a pin that recovery found. */
  void restore(long fingerprint, long markerLsn, long recordBytes) {
    long _ = bytes.addAndGet(recordBytes);
    put(fingerprint, markerLsn, recordBytes);
  }

  /** Ends the pin unless its marker is of that LSN or newer. */
  void forget(long fingerprint, long belowLsn) {
    Pin _ =
        pins.computeIfPresent(
            fingerprint,
            (f, pin) -> {
              if (pin.lsn >= belowLsn) {
                return pin;
              }
              long _ = bytes.addAndGet(-pin.bytes);
              return null;
            });
  }

  /** Whether reclaim must carry that marker on; while pins are being made, all of them. */
  boolean needs(long fingerprint, long markerLsn) {
    if (underWay.get() > 0) {
      return true;
    }
    Pin pin = pins.get(fingerprint);
    return pin != null && pin.lsn == markerLsn;
  }

  private void put(long fingerprint, long markerLsn, long recordBytes) {
    Pin _ =
        pins.merge(
            fingerprint,
            new Pin(markerLsn, recordBytes),
            (old, made) -> { // two callers pinned it at once: it is counted once
              long _ = bytes.addAndGet(-made.bytes);
              return new Pin(Math.max(old.lsn, made.lsn), old.bytes);
            });
  }
}
