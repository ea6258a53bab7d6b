package io.larder.coordinator.lease;

import io.larder.coordinator.registry.ClusterImage;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a node's ZooKeeper session: register, follow the cluster, release the put-leases
 * that the table takes away, claim those that it gives. Decides without I/O: {@link #next} names a
 * step, {@link Incarnation} executes it and reports the outcome. A failed step is not reported: the
 * next step takes into account that it may have taken effect.
 *
 * <pre>
 *   lay out → begin the incarnation → tell the session → register
 *      → (image stale) read it and tell it
 *      → (the table took slots away) tell the release → delete their znodes
 *      → (the table gives slots) claim them → tell the claim
 *      → wait
 *   before all but the first line: find out the outcome of a claim or a deletion without an answer
 * </pre>
 *
 * <p>Not thread-safe: the session's thread owns it, but for the methods marked for any thread.
 */
public final class SessionProtocol {
  static final long IDLE_MS = 60_000;
  private static final long FIRST_RETRY_MS = 100;
  private static final long LAST_RETRY_MS = 500;

  /**
   * A step. Arrays of slots are ascending and must not be changed. The Tell steps call the node,
   * the others ZooKeeper.
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public sealed interface Step {
    /** Create the parents and the node's heartbeat znode where missing; then {@link #laidOut}. */
    record LayOut() implements Step {}

    /** Write the session's first heartbeat; then {@link #begun} with its zxid. */
    record Begin() implements Step {}

    /**
     * Create the node's ephemeral, unless it is there: its name has a zxid of this session in it.
     * Then {@link #registered}.
     */
    record Register(long incarnation) implements Step {}

    /** The session begins: the node is that incarnation, which no other node knows yet. */
    record TellSession(long incarnation) implements Step {}

    /** Find the epoch since which this session holds that put-lease; then {@link #found}. */
    record FindEpoch(int slot) implements Step {}

    /** Read the cluster's image with watches and tell the node; then {@link #read}. */
    record ReadImage() implements Step {}

    /** Have the node stop granting in these slots; then {@link #released}. */
    record TellReleased(int[] slots) implements Step {}

    /** Delete these put-leases in one transaction; then {@link #deleted}. */
    record Delete(int[] slots) implements Step {}

    /**
     * Claim these slots in one transaction that checks the slot table's version; then {@link
     * #claimed}.
     *
     * @param claimedAfter for the heartbeat in it: how many put-leases the session then holds
     */
    record Claim(int[] slots, int tableVersion, int claimedAfter) implements Step {}

    /** The node holds these slots since {@code epoch}, and has an image that is no older. */
    record TellClaimed(int[] slots, long epoch) implements Step {}

    /** Wait for so long, or until a change. */
    record Wait(long ms) implements Step {}
  }

  /** The outcome of a claim. */
  public sealed interface ClaimOutcome {
    /** All are ours since {@code epoch}, the transaction's zxid. */
    record Claimed(long epoch) implements ClaimOutcome {}

    /** The slot table has changed since the claim was made: read it again. */
    record StaleTable() implements ClaimOutcome {}

    /** None is ours: some put-leases still exist, those of {@code slots} among others. */
    record HeldByOthers(BitSet slots) implements ClaimOutcome {}

    /** The answer was lost. */
    record Unknown() implements ClaimOutcome {}
  }

  private final SlotClaims claims;
  private volatile boolean laidOut;
  private volatile boolean imageStale = true;
  private volatile long incarnation;
  private volatile int claimed;

  private boolean registered;
  private boolean sessionTold;
  private ClusterImage image = ClusterImage.EMPTY;
  private BitSet heldByOthers = new BitSet();
  private int @Nullable [] unsureClaim;
  private int @Nullable [] unsureDelete;
  private Step.@Nullable TellClaimed toTell;
  private long retryMs = FIRST_RETRY_MS;
  private long waitMs;

  public SessionProtocol(String nodeId) {
    this.claims = new SlotClaims(nodeId);
  }

  // ---- from any thread ----

  /** Something changed in the cluster, or may have. */
  public void imageChanged() {
    imageStale = true;
  }

  /** Another client removed the cluster's parents: they must be created again. */
  public void layOutAgain() {
    laidOut = false;
  }

  /** Whether the heartbeat's znode is there. */
  public boolean isLaidOut() {
    return laidOut;
  }

  /** The zxid of this session's first heartbeat; 0 before. */
  public long incarnation() {
    return incarnation;
  }

  /** How many put-leases the session holds. */
  public int claimedCount() {
    return claimed;
  }

  // ---- the session's thread ----

  /** Whether the node is registered and holds every slot the table gives it. */
  public boolean isComplete() {
    return registered && !imageStale && claims.isComplete(image.slots());
  }

  /** What to do now. */
  public Step next() {
    if (!laidOut) {
      return new Step.LayOut();
    }
    if (incarnation == 0) {
      return new Step.Begin();
    }
    if (!sessionTold) {
      sessionTold = true; // before others see it: their messages to this incarnation must find it
      return new Step.TellSession(incarnation);
    }
    if (!registered) {
      return new Step.Register(incarnation);
    }
    Step.TellClaimed claim = toTell;
    if (claim != null && !imageStale) {
      toTell = null;
      return claim;
    }
    if (waitMs > 0) {
      long ms = waitMs;
      waitMs = 0;
      return new Step.Wait(ms);
    }
    int[] unsure = unsureClaim == null ? unsureDelete : unsureClaim;
    if (unsure != null) {
      return new Step.FindEpoch(unsure[0]); // a transaction holds for all its slots or for none
    }
    if (imageStale) {
      imageStale = false; // before the read: a change during it counts
      return new Step.ReadImage();
    }
    int[] lost = claims.toRelease(image.slots());
    if (lost.length > 0) {
      return new Step.TellReleased(lost);
    }
    List<int[]> deletions = claims.toDelete();
    if (!deletions.isEmpty()) {
      int[] batch = deletions.getFirst();
      unsureDelete = batch;
      return new Step.Delete(batch);
    }
    return claimOrWait();
  }

  private Step claimOrWait() {
    List<int[]> batches = claims.toClaim(image.slots(), heldByOthers);
    if (!batches.isEmpty()) {
      int[] batch = batches.getFirst();
      unsureClaim = batch;
      return new Step.Claim(batch, image.slots().version(), claims.claimedCount() + batch.length);
    }
    heldByOthers = new BitSet();
    if (claims.isComplete(image.slots())) {
      retryMs = FIRST_RETRY_MS;
      return new Step.Wait(IDLE_MS);
    }
    // Others still hold some: a session that is ending, or a node that has not released them yet.
    long ms = retryMs;
    retryMs = Math.min(LAST_RETRY_MS, retryMs + FIRST_RETRY_MS);
    return new Step.Wait(ms);
  }

  /** The znodes are there. */
  public void laidOut() {
    laidOut = true;
  }

  /** The first heartbeat was written. */
  public void begun(long zxid) {
    incarnation = zxid;
  }

  /** The node's ephemeral is there. */
  public void registered() {
    registered = true;
  }

  /** The image was read; null if reading failed, and the image is still stale. */
  public void read(@Nullable ClusterImage newImage) {
    if (newImage == null) {
      imageStale = true;
    } else {
      image = newImage;
    }
  }

  /** The outcome of the transaction whose answer was lost: an epoch if we hold the lease. */
  public void found(long epoch) {
    int[] claim = unsureClaim;
    int[] delete = unsureDelete;
    if (claim != null) {
      unsureClaim = null;
      if (epoch != 0) {
        hold(claim, epoch);
      }
    } else if (delete != null) {
      unsureDelete = null;
      if (epoch == 0) {
        claims.deleted(delete);
      }
    }
  }

  /** The node grants no more in these slots. */
  public void released(int[] slots) {
    claims.released(slots);
    claimed = claims.claimedCount();
  }

  /** These put-leases are gone. */
  public void deleted(int[] slots) {
    unsureDelete = null;
    claims.deleted(slots);
  }

  /** The outcome of a claim of these slots. */
  public void claimed(int[] slots, ClaimOutcome outcome) {
    switch (outcome) {
      case ClaimOutcome.Claimed(long epoch) -> {
        unsureClaim = null;
        hold(slots, epoch);
      }
      case ClaimOutcome.StaleTable _ -> {
        unsureClaim = null;
        imageStale = true;
      }
      case ClaimOutcome.HeldByOthers(BitSet held) -> {
        unsureClaim = null;
        if (held.isEmpty() || heldByOthers.equals(held)) {
          heldByOthers = new BitSet();
          waitMs = FIRST_RETRY_MS;
        } else {
          heldByOthers = held; // the free ones, now
        }
      }
      case ClaimOutcome.Unknown _ -> waitMs = FIRST_RETRY_MS;
    }
  }

  private void hold(int[] slots, long epoch) {
    claims.claimed(slots);
    claimed = claims.claimedCount();
    retryMs = FIRST_RETRY_MS;
    toTell = new Step.TellClaimed(slots, epoch);
    imageStale =
        true; // nodes that registered before the claim may hold records that the last owner
    // accepted
  }
}
