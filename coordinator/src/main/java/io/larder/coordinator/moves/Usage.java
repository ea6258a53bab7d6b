package io.larder.coordinator.moves;

/**
 * The usage of a node's device.
 *
 * @param records keys stored and not expired
 * @param usedBytes the bytes they occupy
 * @param capacityBytes what the device can hold
 */
public record Usage(long records, long usedBytes, long capacityBytes) {
  /** The used part of the capacity, 0 to 1. */
  public double fill() {
    return capacityBytes <= 0 ? 1 : usedBytes / (double) capacityBytes;
  }
}
