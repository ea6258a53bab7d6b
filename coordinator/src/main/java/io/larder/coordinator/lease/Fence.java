package io.larder.coordinator.lease;

import java.util.concurrent.TimeUnit;

/**
 * The moment at which a session must stop granting: {@code send time of its last but one
 * acknowledged heartbeat + window}, where the window is the negotiated session timeout less one
 * tick and a margin.
 *
 * <p>Reason: the servers end a session no sooner than its timeout after they last heard of it. A
 * heartbeat is a write, so its acknowledgement proves that the quorum heard of the session after
 * the heartbeat was sent. Through a follower the leader counts a session alive only from the
 * follower's next report, at most half a tick later: hence the last but one and the tick.
 *
 * <p>States: closed (fewer than two heartbeats acknowledged) → open until the moment above, which
 * moves on with each acknowledgement and may pass and come back → ended, for ever. Does no I/O; the
 * clock is passed in. Thread-safe: one lock-free reader path, writers synchronize.
 */
public final class Fence {
  private static final long NEVER = Long.MIN_VALUE;

  private final long windowNs;
  private long lastSentNs = NEVER;
  private long lastButOneSentNs = NEVER;
  private boolean ended;
  private volatile long closesAtNs = NEVER;

  /**
   * @param windowMs see {@link io.larder.coordinator.registry.ZooKeeperOptions#grantWindowMs(int,
   *     int)}; if it is not positive the fence never opens
   */
  public Fence(long windowMs) {
    this.windowNs = TimeUnit.MILLISECONDS.toNanos(windowMs);
  }

  /** A fence that never opens, for the time before the first session. */
  public static Fence closed() {
    Fence fence = new Fence(0);
    fence.end();
    return fence;
  }

  /** Records the acknowledgement of a heartbeat sent at that time; in any order. */
  public synchronized void acknowledged(long sentNs) {
    if (ended) {
      return;
    }
    if (sentNs > lastSentNs) {
      lastButOneSentNs = lastSentNs;
      lastSentNs = sentNs;
    } else if (sentNs > lastButOneSentNs) {
      lastButOneSentNs = sentNs;
    }
    if (lastButOneSentNs != NEVER) {
      closesAtNs = lastButOneSentNs + windowNs;
    }
  }

  /** Closes the fence for good, at the end of the session. */
  public synchronized void end() {
    ended = true;
    closesAtNs = NEVER;
  }

  /** Whether the session may grant at that time. */
  public boolean isOpen(long nowNs) {
    return nowNs < closesAtNs;
  }

  /** Milliseconds from that time until it closes; 0 if it is closed. */
  public long remainingMs(long nowNs) {
    long closes = closesAtNs;
    return nowNs < closes ? TimeUnit.NANOSECONDS.toMillis(closes - nowNs) : 0;
  }
}
