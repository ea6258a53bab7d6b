package io.larder.coordinator.lease;

import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The claims of one session, and the slots to claim or to release under a slot table.
 *
 * <p>A slot is <i>free</i> (nothing of ours) → {@link #claimed claimed} → {@link #released
 * released}, when the table names another owner: the node no longer grants but the znode still
 * exists → {@link #deleted free}. A released slot that the table gives back is claimed anew, after
 * the deletion, so that it has a new epoch.
 *
 * <p>Does no I/O and knows no clock. Not thread-safe: the session's thread owns it.
 */
final class SlotClaims {
  /** Operations of one ZooKeeper transaction: well under jute.maxbuffer at any path length. */
  static final int BATCH = 2048;

  private final String nodeId;
  private final BitSet claimed = new BitSet(Slots.COUNT);
  private final BitSet released = new BitSet(Slots.COUNT);

  SlotClaims(String nodeId) {
    this.nodeId = nodeId;
  }

  /** Claimed slots that the table gives to another node, or to none. */
  int[] toRelease(SlotTable table) {
    BitSet slots = (BitSet) claimed.clone();
    slots.andNot(owned(table));
    return slots.stream().toArray();
  }

  /** Slots whose znodes must be deleted, in batches. */
  List<int[]> toDelete() {
    return batches(released);
  }

  /** Unclaimed slots of this node, except those that others still hold; in batches. */
  List<int[]> toClaim(SlotTable table, BitSet heldByOthers) {
    BitSet slots = owned(table);
    slots.andNot(claimed);
    slots.andNot(released);
    slots.andNot(heldByOthers);
    return batches(slots);
  }

  /** Whether every slot of this node is claimed. */
  boolean isComplete(SlotTable table) {
    BitSet slots = owned(table);
    slots.andNot(claimed);
    return slots.isEmpty();
  }

  void claimed(int[] slots) {
    for (int slot : slots) {
      assert !released.get(slot) : "slot " + slot + " claimed before its old znode was deleted";
      claimed.set(slot);
    }
  }

  void released(int[] slots) {
    for (int slot : slots) {
      assert claimed.get(slot) : "slot " + slot + " released but not claimed";
      claimed.clear(slot);
      released.set(slot);
    }
  }

  void deleted(int[] slots) {
    for (int slot : slots) {
      released.clear(slot);
    }
  }

  int claimedCount() {
    return claimed.cardinality();
  }

  private BitSet owned(SlotTable table) {
    BitSet slots = new BitSet(Slots.COUNT);
    for (SlotTable.SlotRange range : table.ranges()) {
      if (range.nodeId().equals(nodeId)) {
        slots.set(range.from(), range.to() + 1);
      }
    }
    return slots;
  }

  private static List<int[]> batches(BitSet slots) {
    int[] all = slots.stream().toArray();
    List<int[]> batches = new ArrayList<>();
    for (int from = 0; from < all.length; from += BATCH) {
      batches.add(Arrays.copyOfRange(all, from, Math.min(all.length, from + BATCH)));
    }
    return batches;
  }
}
