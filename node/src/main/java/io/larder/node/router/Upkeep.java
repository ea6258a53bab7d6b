package io.larder.node.router;

import io.larder.node.block.RecordRef;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Keeps the owners' directories true to this node's device: tells them what was evicted, and every
 * half minute sends count and XOR per slot so that no lost message lasts.
 */
final class Upkeep {
  private static final int FORGETS_PER_MESSAGE = 4096;
  private static final long DEADLINE_MS = 2_000;

  private final Cluster cluster;
  private final BlockStore store;
  private final HotTier hot;
  private final ConcurrentLinkedQueue<RecordRef> dropped = new ConcurrentLinkedQueue<>();

  Upkeep(Cluster cluster, BlockStore store, HotTier hot) {
    this.cluster = cluster;
    this.store = store;
    this.hot = hot;
  }

  /** A live record has left the device; on any thread. */
  void evicted(RecordRef record) {
    hot.invalidate(record.key().fingerprint());
    dropped.add(record);
  }

  /** Tells the owners about evictions; a lost message is found by {@link #compare}. */
  void flushForgets() {
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
            .ask(owner, new PeerRequest.Forget(cluster.self(), records), DEADLINE_MS)
            .exceptionally(_ -> false));
  }

  /** Sends every owner what this node holds in its slots, as count and XOR. */
  void compare() {
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
            .ask(owner, new PeerRequest.Compare(cluster.self(), sums), DEADLINE_MS)
            .exceptionally(_ -> false));
  }
}
