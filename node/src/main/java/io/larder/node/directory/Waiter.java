package io.larder.node.directory;

/**
 * Someone in the queue for a held key.
 *
 * @param writer who will write if granted
 * @param request the writer's own number of this request
 * @param leaseMs the lease it then wants
 * @param deadlineNanos when it stops waiting, on the directory's clock
 * @param answer told once: granted, exists, held (the wait is over) or try again; called without a
 *     lock, must not block
 */
public record Waiter(Member writer, long request, long leaseMs, long deadlineNanos, Answer answer) {
  /** Receives the end of the wait. */
  @FunctionalInterface
  public interface Answer {
    void answered(LeaseAnswer answer);
  }
}
