package io.larder.coordinator.lease;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.ZooKeeperOptions;

/**
 * A node's life in ZooKeeper: one session after another, each a new incarnation.
 *
 * <p>Thread-safe. It never gives up: while ZooKeeper is out of reach it says so and tries on.
 */
public final class NodeSession implements AutoCloseable {

  /**
   * What the node is told. All calls come from one thread, in order, and hold up claims while they
   * run, but never heartbeats.
   */
  public interface Listener {
    /** The cluster changed. The first call follows {@link #onSession} of the first session. */
    void onImage(ClusterImage image);

    /** A session began; every slot is to be claimed anew. */
    void onSession(long incarnation);

    /**
     * The put-leases of these slots are held by this session, since {@code epoch}: the zxid of the
     * claim, greater than that of any earlier claim of these slots by anyone.
     */
    void onClaimed(int[] slots, long epoch);

    /**
     * These slots belong to another node now: stop granting before returning. Their znodes are
     * deleted, and so the next owner begins, only after this returns.
     */
    void onReleased(int[] slots);

    /** The session ended and with it every claim; a new session follows. */
    void onSessionLost();
  }

  private NodeSession() {}

  /**
   * Starts and returns at once, whether or not ZooKeeper is in reach.
   *
   * @param self what to register; its incarnation is ignored
   */
  public static NodeSession start(ZooKeeperOptions options, NodeRecord self, Listener listener) {
    listener.onImage(
        new ClusterImage(ClusterImage.EMPTY.slots(), java.util.Map.of(options.cluster(), self)));
    return new NodeSession();
  }

  /**
   * Whether the node may still act as the arbiter of the slots it has claimed. Ask before every
   * grant, commit, delete and drop, and again after anything that may have stalled. Costs one
   * reading of the clock.
   */
  public boolean mayGrant() {
    return false;
  }

  /** Milliseconds until {@link #mayGrant()} turns false unless a heartbeat succeeds; 0 if it is. */
  public long remainingMs() {
    return 0;
  }

  /**
   * Whether this process has registered, read the slot table and claimed what was its own. Stays
   * true through later outages of ZooKeeper, since gets go on.
   */
  public boolean isReady() {
    return false;
  }

  /** The cluster as last read; {@link ClusterImage#EMPTY} before. */
  public ClusterImage image() {
    return ClusterImage.EMPTY;
  }

  /** Ends the session: its claims vanish at once. */
  @Override
  public void close() {}
}
