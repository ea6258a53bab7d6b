package io.larder.coordinator.lease;

/** A monotonic clock, in nanoseconds since some moment. Thread-safe. */
@FunctionalInterface
public interface NanoClock {
  /** Nanoseconds now; only differences mean anything. */
  long nowNs();
}
