package io.larder.coordinator.registry;

import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The owner of each slot, as read from {@code /slots}. Immutable and thread-safe.
 *
 * <p>{@link SlotTableFormat} defines its stored form.
 */
public final class SlotTable {
  /** The table without owners, before the first read. */
  public static final SlotTable EMPTY = new SlotTable(new String[Slots.COUNT], Map.of(), -1);

  /** The incarnation of a drain that only an operator ends. */
  public static final long UNTIL_UNDRAINED = 0;

  private final @Nullable String[] owners;
  private final Map<String, Long> drains;
  private final int version;
  private final List<SlotRange> ranges;
  private final Map<String, Integer> counts;

  /**
   * Slots {@code from} to {@code to}, both included, of one node.
   *
   * @param nodeId the owner
   */
  public record SlotRange(int from, int to, String nodeId) {
    /** How many slots. */
    public int size() {
      return to - from + 1;
    }
  }

  private SlotTable(@Nullable String[] owners, Map<String, Long> drains, int version) {
    this.owners = owners;
    this.drains = Collections.unmodifiableMap(new TreeMap<>(drains));
    this.version = version;
    List<SlotRange> found = new ArrayList<>();
    Map<String, Integer> count = new TreeMap<>();
    int from = 0;
    for (int slot = 1; slot <= Slots.COUNT; slot++) {
      String owner = owners[from];
      if (slot < Slots.COUNT && Objects.equals(owner, owners[slot])) {
        continue;
      }
      if (owner != null) {
        found.add(new SlotRange(from, slot - 1, owner));
        count.merge(owner, slot - from, Integer::sum);
      }
      from = slot;
    }
    this.ranges = List.copyOf(found);
    this.counts = Collections.unmodifiableMap(count);
  }

  /**
   * Makes a table from the owner of each slot (null = unowned).
   *
   * @param owners {@link Slots#COUNT} node ids; copied
   * @param version the znode's version; -1 for a table that is not stored (yet)
   */
  public static SlotTable of(@Nullable String[] owners, int version) {
    if (owners.length != Slots.COUNT) {
      throw new IllegalArgumentException(
          "a slot table has " + Slots.COUNT + " owners, not " + owners.length);
    }
    return new SlotTable(owners.clone(), Map.of(), version);
  }

  /** The same table with other owners of the slots. */
  public SlotTable withOwners(@Nullable String[] newOwners) {
    return new SlotTable(of(newOwners, version).owners, drains, version);
  }

  /**
   * The same table with one more drained node.
   *
   * @param incarnation the one that is drained: the node's next ends the drain; {@link
   *     #UNTIL_UNDRAINED} = it stays drained through restarts
   */
  public SlotTable withDrain(String nodeId, long incarnation) {
    Map<String, Long> more = new TreeMap<>(drains);
    more.put(nodeId, incarnation);
    return new SlotTable(owners, more, version);
  }

  /** The same table without the drain of one node. */
  public SlotTable withoutDrain(String nodeId) {
    Map<String, Long> fewer = new TreeMap<>(drains);
    fewer.remove(nodeId);
    return new SlotTable(owners, fewer, version);
  }

  /** The same table as stored under another version. */
  public SlotTable withVersion(int newVersion) {
    return new SlotTable(owners, drains, newVersion);
  }

  /** The nodes being drained or drained, by node id, ascending. */
  public Set<String> draining() {
    return drains.keySet();
  }

  /** The drained nodes, each with the incarnation after which it takes records again. */
  public Map<String, Long> drains() {
    return drains;
  }

  /** The slot's owner, or null if it has none. */
  public @Nullable String owner(int slot) {
    return owners[slot];
  }

  /** The version of the znode it was read from; -1 if it was not read from one. */
  public int version() {
    return version;
  }

  /** The owned slots as ranges, ascending, neighbours of one owner merged. */
  public List<SlotRange> ranges() {
    return ranges;
  }

  /** How many slots each owner has, by node id; nodes without any are not in it. */
  public Map<String, Integer> counts() {
    return counts;
  }

  /** The slots of one node, ascending. */
  public int[] slotsOf(String nodeId) {
    int[] slots = new int[counts.getOrDefault(nodeId, 0)];
    int next = 0;
    for (SlotRange range : ranges) {
      if (range.nodeId().equals(nodeId)) {
        for (int slot = range.from(); slot <= range.to(); slot++) {
          slots[next++] = slot;
        }
      }
    }
    return slots;
  }

  /** How many slots have no owner. */
  public int unowned() {
    return Slots.COUNT - counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** How many slots have another owner in the other table. */
  public int differences(SlotTable other) {
    int differences = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      if (!Objects.equals(owners[slot], other.owners[slot])) {
        differences++;
      }
    }
    return differences;
  }

  /** A new array with the owner of each slot, null where there is none. */
  public @Nullable String[] toOwners() {
    return owners.clone();
  }

  /** Whether owners and drains are the same, regardless of the version. */
  public boolean sameAs(SlotTable other) {
    return Arrays.equals(owners, other.owners) && drains.equals(other.drains);
  }

  @Override
  public String toString() {
    return "slots v" + version + " " + counts;
  }
}
