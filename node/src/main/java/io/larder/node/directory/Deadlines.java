package io.larder.node.directory;

/**
 * Every duration of the protocol between writers, owners and holders, in milliseconds. Only the
 * links between nodes have durations of their own.
 *
 * @param putLeaseMs how long a put has the key to itself, which covers the device's time and the
 *     claim's; a put that takes longer is a claimant
 * @param askMs an owner's time to answer about one key, or a holder's to answer without I/O
 * @param lookupMs an owner's time to answer where a key is, while a reader waits
 * @param pinMs a holder's time to make a pin durable
 * @param dropMs a holder's time to make a tombstone durable
 * @param invalidateMs the other nodes' time to drop copies from memory
 * @param announceMs a node's time to answer one announce
 * @param syncMs after this a slot opens for puts without the nodes that have not announced
 * @param compareMs an owner's time to take note of evictions and sums
 * @param takeMs the target's time to fetch a record of a move and have it committed
 * @param forwardMs another node's time to carry out a put of a draining node, in addition to the
 *     wait that the client allows
 * @param undecidedMs how long a put or a delete waits while nobody can decide about its key: a slot
 *     that moves has its new owner in less, and a failed put would cost the client a second
 *     transfer
 * @param minCommitMs the least time for a commit, however long the put waited for its lease
 * @param wakeMs a waiter that is not woken in this time asks again: the wake may have been lost
 * @param promptMs a refusal that takes longer counts as waited for
 * @param leaseSweepMs how long a lease that is over may still be counted while nobody asks for its
 *     key
 * @param extraCopyMs how long an owner remembers another copy; a node that still has it announces
 *     it again
 * @param moverMs how long only the source of a move may ask for the end of its copy
 * @param tickMs the period of the control thread
 * @param comparePeriodMs the period of anti-entropy
 * @param moveBatchMs the length of one batch of a move
 * @param claim pauses between claims of a durable record
 * @param lease pauses between requests for a put-lease while nobody can decide
 * @param delete pauses between a node's attempts to delete a key for a client
 * @param discard pauses between attempts to write a tombstone for a refused record
 * @param deleteRetryMs the owner's pause until it looks at an undecided delete again
 * @param announceRetryMs the owner's pause until it asks again for an announcement
 */
public record Deadlines(
    long putLeaseMs,
    long askMs,
    long lookupMs,
    long pinMs,
    long dropMs,
    long invalidateMs,
    long announceMs,
    long syncMs,
    long compareMs,
    long takeMs,
    long forwardMs,
    long undecidedMs,
    long minCommitMs,
    long wakeMs,
    long promptMs,
    long leaseSweepMs,
    long extraCopyMs,
    long moverMs,
    long tickMs,
    long comparePeriodMs,
    long moveBatchMs,
    Backoff claim,
    Backoff lease,
    Backoff delete,
    Backoff discard,
    long deleteRetryMs,
    long announceRetryMs) {

  /** Room for the messages of a call that is made of several questions. */
  private static final long MESSAGES_MS = 500;

  /** The durations of a production node. */
  public static final Deadlines DEFAULTS = withPutLease(30_000);

  /** The durations of a production node, but for the put-lease. */
  public static Deadlines withPutLease(long putLeaseMs) {
    return new Deadlines(
        putLeaseMs,
        /* askMs= */ 1_000,
        /* lookupMs= */ 250,
        /* pinMs= */ 5_000,
        /* dropMs= */ 2_000,
        /* invalidateMs= */ 500,
        /* announceMs= */ 5_000,
        /* syncMs= */ 5_000,
        /* compareMs= */ 2_000,
        /* takeMs= */ 30_000,
        /* forwardMs= */ 30_000,
        /* undecidedMs= */ 1_000,
        /* minCommitMs= */ 250,
        /* wakeMs= */ 1_000,
        /* promptMs= */ 100,
        /* leaseSweepMs= */ 500,
        /* extraCopyMs= */ 60_000,
        /* moverMs= */ 5_000,
        /* tickMs= */ 50,
        /* comparePeriodMs= */ 30_000,
        /* moveBatchMs= */ 4_000,
        /* claim= */ new Backoff(5, 250),
        /* lease= */ new Backoff(5, 100),
        /* delete= */ new Backoff(10, 100),
        /* discard= */ new Backoff(10, 1_000),
        /* deleteRetryMs= */ 10,
        /* announceRetryMs= */ 200);
  }

  /** Pauses that double from the first to the longest. */
  public record Backoff(long firstMs, long maxMs) {
    /** The pause that follows a pause. */
    public long after(long pauseMs) {
      return Math.min(maxMs, pauseMs * 2);
    }
  }

  /** The owner's time for a delete: until it can decide, the tombstone, and all memories. */
  public long deleteMs() {
    return undecidedMs + dropMs + 2 * invalidateMs + MESSAGES_MS;
  }

  /** The owner's time for a settlement between two copies: one confirms, the other is dropped. */
  public long settleMs() {
    return askMs + dropMs + MESSAGES_MS;
  }
}
