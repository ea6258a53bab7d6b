package io.larder.coordinator.registry;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as last read from ZooKeeper: the slots' owners and the live nodes. Immutable;
 * replaced as a whole.
 *
 * @param slots the slot table
 * @param nodes the live nodes by node id; of two incarnations of one node, the newer. Sorted
 */
public record ClusterImage(SlotTable slots, Map<String, NodeRecord> nodes) {

  /** The image before the first read. */
  public static final ClusterImage EMPTY = new ClusterImage(SlotTable.EMPTY, Map.of());

  /** Copies the map. */
  public ClusterImage {
    nodes = Collections.unmodifiableMap(new TreeMap<>(nodes));
  }

  /** Whether a live node that is not being drained owns no slot. */
  public boolean hasNodeWithoutSlots() {
    return nodes.keySet().stream()
        .anyMatch(
            nodeId -> !slots.counts().containsKey(nodeId) && !slots.draining().contains(nodeId));
  }

  /** The live owner of a slot, or null if the slot has no owner or its owner is not live. */
  public @Nullable NodeRecord ownerOf(int slot) {
    String nodeId = slots.owner(slot);
    return nodeId == null ? null : nodes.get(nodeId);
  }
}
