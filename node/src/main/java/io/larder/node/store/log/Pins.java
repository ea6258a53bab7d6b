package io.larder.node.store.log;

import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The pinned values, which reclaim always relocates. A pin belongs to the value its key had when it
 * was made: a value put later is not pinned, and a deletion beats a pin. Thread-safe.
 */
final class Pins {
  /** The share of the device that may be pinned; reclaim needs the rest to make room. */
  private static final int SHARE = 4;

  /** The LSN of the marker that made the pin, and the bytes it keeps. */
  private record Pin(long lsn, long bytes) {}

  private final ConcurrentHashMap<Long, Pin> pins = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger inProgress = new AtomicInteger();
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

  /** Reserves bytes for a pin whose marker is about to be written; false if that is too much. */
  boolean begin(long recordBytes) {
    if (bytes.addAndGet(recordBytes) > maxBytes) {
      bytes.addAndGet(-recordBytes);
      return false;
    }
    inProgress.incrementAndGet();
    return true;
  }

  /** Ends what {@link #begin} began: the marker could not be written. */
  void failed(long recordBytes) {
    bytes.addAndGet(-recordBytes);
    inProgress.decrementAndGet();
  }

  /**
   * Ends what {@link #begin} began: the marker is durable under that LSN. There is a pin only if
   * the value is still present.
   */
  void made(long fingerprint, long recordBytes, long markerLsn, BooleanSupplier isPresent) {
    pins.compute(
        fingerprint,
        (f, old) -> {
          if (old != null || !isPresent.getAsBoolean()) {
            bytes.addAndGet(-recordBytes); // pinned twice at once counts once
            return old == null ? null : new Pin(Math.max(old.lsn, markerLsn), old.bytes);
          }
          return new Pin(markerLsn, recordBytes);
        });
    inProgress.decrementAndGet();
  }

  /** The result of a short action that runs while no pin can be made; empty if there is one. */
  OptionalLong unlessPinned(long fingerprint, LongSupplier action) {
    AtomicReference<OptionalLong> result = new AtomicReference<>(OptionalLong.empty());
    pins.compute(
        fingerprint,
        (f, pin) -> {
          if (pin == null) {
            result.set(OptionalLong.of(action.getAsLong()));
          }
          return pin;
        });
    return result.get();
  }

  /** Adds a pin that recovery found. */
  void restore(long fingerprint, long markerLsn, long recordBytes) {
    bytes.addAndGet(recordBytes);
    pins.put(fingerprint, new Pin(markerLsn, recordBytes));
  }

  /** Ends the pin unless its marker is of that LSN or newer. */
  void forget(long fingerprint, long belowLsn) {
    if (pins.isEmpty()) {
      return; // as nearly always
    }
    pins.computeIfPresent(
        fingerprint,
        (f, pin) -> {
          if (pin.lsn >= belowLsn) {
            return pin;
          }
          bytes.addAndGet(-pin.bytes);
          return null;
        });
  }

  /** Whether reclaim must relocate that marker; while pins are being made, every marker. */
  boolean needs(long fingerprint, long markerLsn) {
    if (inProgress.get() > 0) {
      return true;
    }
    Pin pin = pins.get(fingerprint);
    return pin != null && pin.lsn == markerLsn;
  }
}
