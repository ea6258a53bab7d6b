package io.larder.node.device;

import java.util.ArrayDeque;

/**
 * Finished submissions of a device, for reuse: a long value takes one for each MiB. Thread-safe.
 */
final class SubmissionPool {
  /** Enough for the greatest depth of a device. */
  private static final int MAX_FREE = 512;

  private final ArrayDeque<Submission> free = new ArrayDeque<>();

  synchronized Submission take() {
    Submission used = free.poll();
    return used == null ? new Submission() : used;
  }

  synchronized void giveBack(Submission submission) {
    if (free.size() < MAX_FREE) {
      free.push(submission);
    }
  }
}
