package io.larder.coordinator.lease;

/** A clock that only runs forward, in nanoseconds since some moment. Thread-safe. */
@FunctionalInterface
public interface NanoClock {
  /** Nanoseconds now; only differences mean anything. */
  long nowNs();
}
