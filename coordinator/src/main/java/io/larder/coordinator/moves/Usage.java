package io.larder.coordinator.moves;

/**
 * What a node says of its device.
 *
 * @param records keys stored and not expired
 * @param usedBytes what they occupy
 * @param capacityBytes what the device can hold
 */
public record Usage(long records, long usedBytes, long capacityBytes) {
  /** Of 1. */
  public double fill() {
    return capacityBytes <= 0 ? 1 : usedBytes / (double) capacityBytes;
  }
}
