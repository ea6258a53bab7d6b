package io.larder.node.directory;

import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;

/**
 * A writer in the queue for a held key.
 *
 * @param writer the node that will write if granted
 * @param request the writer's own number of this request
 * @param leaseMs the length of the lease that it asks for
 * @param deadlineNanos the end of the wait, on the directory's clock
 * @param answer called once: granted, exists, held (the wait is over) or try again; called without
 *     a lock, must not block
 */
public record Waiter(Member writer, long request, long leaseMs, long deadlineNanos, Answer answer) {
  /** Receives the end of the wait. */
  @FunctionalInterface
  public interface Answer {
    void answered(LeaseAnswer answer);
  }
}
