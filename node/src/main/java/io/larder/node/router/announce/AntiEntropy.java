package io.larder.node.router.announce;

import io.larder.node.block.RecordRef;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Keeps the owners' directories true to this node's device: reports evictions, and every half
 * minute sends count and XOR per slot, so that the effect of a lost message does not last.
 */
public final class AntiEntropy {
  private static final int FORGETS_PER_MESSAGE = 4096;

  private final Cluster cluster;
  private final BlockStore store;
  private final HotTier hot;
  private final ConcurrentLinkedQueue<RecordRef> dropped = new ConcurrentLinkedQueue<>();

  public AntiEntropy(Cluster cluster, BlockStore store, HotTier hot) {
    this.cluster = cluster;
    this.store = store;
    this.hot = hot;
  }

  /** A live record has left the device; on any thread. */
  public void evicted(RecordRef record) {
    hot.invalidate(record.key().fingerprint());
    dropped.add(record);
  }

  /** Reports evictions to the owners; {@link #compare} makes up for a lost message. */
  public void reportEvictions() {
    if (dropped.isEmpty()) {
      return;
    }
    Map<Member, List<RecordRef>> byOwner = new HashMap<>();
    for (int i = 0; i < FORGETS_PER_MESSAGE; i++) {
      RecordRef record = dropped.poll();
      if (record == null) {
        break;
      }
      Member owner = cluster.owner(record.key().slot());
      if (owner != null) {
        byOwner.computeIfAbsent(owner, _ -> new ArrayList<>()).add(record);
      }
    }
    byOwner.forEach((owner, records) ->
        cluster
            .ask(
                owner,
                new PeerRequest.Forget(cluster.self(), records),
                cluster.deadlines().compareMs())
            .exceptionally(_ -> false));
  }

  /** Sends every owner count and XOR of this node's records in the owner's slots. */
  public void compare() {
    Map<Member, List<PeerRequest.SlotSum>> byOwner = new HashMap<>();
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      Member owner = cluster.owner(slot);
      if (owner != null) {
        byOwner
            .computeIfAbsent(owner, _ -> new ArrayList<>())
            .add(new PeerRequest.SlotSum(slot, store.summary(slot)));
      }
    }
    byOwner.forEach((owner, sums) ->
        cluster
            .ask(
                owner,
                new PeerRequest.Compare(cluster.self(), sums),
                cluster.deadlines().compareMs())
            .exceptionally(_ -> false));
  }
}
