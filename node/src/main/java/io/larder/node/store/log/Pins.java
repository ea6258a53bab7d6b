package io.larder.node.store.log;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
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

  /**
   * Ends what {@link #begin} began: the marker of that LSN is durable, or null for a failure. It is
   * a pin only if the value is still there, and then reclaim keeps it.
   */
  void end(
      long fingerprint, long recordBytes, @Nullable Long markerLsn, BooleanSupplier isPresent) {
    Pin _ =
        pins.compute(
            fingerprint,
            (f, old) -> {
              if (old != null || markerLsn == null || !isPresent.getAsBoolean()) {
                long _ = bytes.addAndGet(-recordBytes); // pinned twice at once counts once
                return old == null || markerLsn == null
                    ? old
                    : new Pin(Math.max(old.lsn, markerLsn), old.bytes);
              }
              return new Pin(markerLsn, recordBytes);
            });
    int _ = underWay.decrementAndGet();
  }

  /** Does something short to a value that is not pinned, and cannot be meanwhile; else false. */
  boolean unless(long fingerprint, Runnable action) {
    boolean[] done = new boolean[1];
    Pin _ =
        pins.compute(
            fingerprint,
            (f, pin) -> {
              if (pin == null) {
                action.run();
                done[0] = true;
              }
              return pin;
            });
    return done[0];
  }

  /** Takes over a pin that recovery found. */
  void restore(long fingerprint, long markerLsn, long recordBytes) {
    long _ = bytes.addAndGet(recordBytes);
    Pin _ = pins.put(fingerprint, new Pin(markerLsn, recordBytes));
  }

  /** Ends the pin unless its marker is of that LSN or newer. */
  void forget(long fingerprint, long belowLsn) {
    if (pins.isEmpty()) {
      return; // as nearly always
    }
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
}
