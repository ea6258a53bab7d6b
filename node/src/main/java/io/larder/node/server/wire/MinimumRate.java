package io.larder.node.server.wire;

/**
 * The rate at which a peer must send or take a block's bytes.
 *
 * @param graceMs how long it may lag behind the rate
 */
public record MinimumRate(long graceMs, long bytesPerSecond) {
  /** Whether a peer that has moved so many bytes in so long is too slow. */
  public boolean isMissed(long bytes, long elapsedNanos) {
    return bytes * 1000 < (elapsedNanos / 1_000_000 - graceMs) * bytesPerSecond;
  }
}
