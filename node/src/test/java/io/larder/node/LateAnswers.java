package io.larder.node;

/**
 * Tells a miss that a late peer explains, as happens on a busy machine, from one that nothing does.
 * For one client's calls, one after the other.
 */
public final class LateAnswers {
  /** What an owner may take to say where a key is. */
  private static final long LOOKUP_DEADLINE_NANOS = 250_000_000;

  /** How long a peer is left alone at most after it was late. */
  private static final long PAUSE_NANOS = 2_000_000_000;

  private long explainedUntil = System.nanoTime();

  /**
   * Whether a miss that was asked for then and came now took as long as a lookup may, or came while
   * the owner is left alone after such a one.
   */
  public boolean explain(long askedNanos) {
    long now = System.nanoTime();
    if (now - askedNanos >= LOOKUP_DEADLINE_NANOS) {
      explainedUntil = now + PAUSE_NANOS;
    }
    return now - explainedUntil < 0;
  }
}
