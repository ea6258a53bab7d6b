package io.larder.coordinator.moves;

import io.larder.coordinator.config.ByteSize;
import io.larder.coordinator.placement.Placement;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes plans: pure functions of the cluster's image and of the nodes' usage.
 *
 * <p>A rebalance spreads the arbitration of slots in proportion to capacity, moving as few as
 * necessary, and moves bytes only off nodes that are fuller than allowed while others have room. A
 * drain takes everything off one node; its slots go to the others as soon as it is marked.
 */
public final class MovePlanner {
  /** Slots whose owner changes in one write of the table. */
  static final int SLOTS_PER_STEP = 2_048;

  /** Above this fill a node is over-full, and nothing is moved to it. */
  public static final double FULL = 0.9;

  private MovePlanner() {}

  /**
   * Spreads slots over all live nodes that are not being drained.
   *
   * @param usage of the live nodes, by node id
   */
  public static Move rebalance(
      String cluster,
      ClusterImage image,
      Map<String, Usage> usage,
      long throttleBytesPerSecond,
      long nowMs) {
    SlotTable now = image.slots();
    List<Step> steps = new ArrayList<>();
    List<Placement.Member> members =
        image.nodes().values().stream()
            .filter(node -> !now.draining().contains(node.nodeId()))
            .map(node -> new Placement.Member(node.nodeId(), node.capacityBytes()))
            .toList();
    Set<String> away = new HashSet<>(now.counts().keySet());
    away.removeAll(image.nodes().keySet());
    SlotTable then = Placement.place(now, members, away);
    Map<String, BitSet> pairs = new TreeMap<>();
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      @Nullable String from = now.owner(slot);
      @Nullable String to = then.owner(slot);
      if (from != null && to != null && !from.equals(to)) {
        pairs.computeIfAbsent(from + " " + to, _ -> new BitSet(Slots.COUNT)).set(slot);
      }
    }
    pairs.forEach((pair, slots) -> {
      String[] nodes = pair.split(" ", 2);
      for (BitSet part : parts(slots)) {
        steps.add(Step.slots(nodes[0], nodes[1], part));
      }
    });
    steps.addAll(offOverfull(now, usage));
    return move(
        cluster,
        Move.Kind.REBALANCE,
        "",
        SlotTable.UNTIL_UNDRAINED,
        now.version(),
        throttleBytesPerSecond,
        steps,
        nowMs);
  }

  /** Bytes off nodes above {@link #FULL}, down to the average, if there is room elsewhere. */
  private static List<Step> offOverfull(SlotTable table, Map<String, Usage> usage) {
    List<Step> steps = new ArrayList<>();
    Map<String, Usage> members = new TreeMap<>(usage);
    members.keySet().removeAll(table.draining());
    long used = members.values().stream().mapToLong(Usage::usedBytes).sum();
    long capacity = members.values().stream().mapToLong(Usage::capacityBytes).sum();
    double average = capacity == 0 ? 1 : used / (double) capacity;
    if (average >= FULL) {
      return steps; // if all nodes are full, evicting is better than moving
    }
    members.forEach((nodeId, node) -> {
      if (node.fill() > FULL) {
        long surplus = node.usedBytes() - (long) (average * node.capacityBytes());
        steps.add(Step.values(nodeId, surplus, 0, surplus));
      }
    });
    return steps;
  }

  /**
   * Empties a node.
   *
   * @param allowEviction plan even if the others must evict to make room
   * @param untilReturn the node takes records again when it has been started anew
   * @throws RefusedException if the node is unknown, the last, drained already, or holds more than
   *     the others have room for
   */
  public static Move drain(
      String cluster,
      String nodeId,
      ClusterImage image,
      Map<String, Usage> usage,
      long throttleBytesPerSecond,
      boolean allowEviction,
      boolean untilReturn,
      long nowMs)
      throws RefusedException {
    NodeRecord node = image.nodes().get(nodeId);
    if (node == null) {
      throw new RefusedException(unknown(nodeId, image));
    }
    SlotTable table = image.slots();
    Usage own = usage.get(nodeId);
    if (own == null) {
      throw new RefusedException(
          "node %s does not answer at %s: bring it back before it is drained, or remove it if its device is lost"
              .formatted(nodeId, node.address()));
    }
    long room = 0;
    int others = 0;
    for (NodeRecord other : image.nodes().values()) {
      if (!other.nodeId().equals(nodeId) && !table.draining().contains(other.nodeId())) {
        others++;
        Usage has = usage.get(other.nodeId());
        if (has != null) {
          room += Math.max(0, (long) (FULL * has.capacityBytes()) - has.usedBytes());
        }
      }
    }
    if (others == 0) {
      throw new RefusedException(
          "node %s is the last one that takes records: start another node, or undrain one, first"
              .formatted(nodeId));
    }
    if (own.usedBytes() > room && !allowEviction) {
      throw new RefusedException(
          "node %s holds %s and the other nodes have room for %s (up to %.0f%% of each device): add a node, delete something, or say --allow-eviction to have the others evict their oldest blocks"
              .formatted(nodeId, ByteSize.show(own.usedBytes()), ByteSize.show(room), FULL * 100));
    }
    List<Step> steps = List.of(Step.values(nodeId, Step.ALL, own.records(), own.usedBytes()));
    return move(
        cluster,
        Move.Kind.DRAIN,
        nodeId,
        untilReturn ? node.incarnation() : SlotTable.UNTIL_UNDRAINED,
        table.version(),
        throttleBytesPerSecond,
        steps,
        nowMs);
  }

  /** The error message for a node id that no live node has. */
  public static String unknown(String nodeId, ClusterImage image) {
    return "no live node '%s': the live nodes are %s".formatted(nodeId, image.nodes().keySet());
  }

  private static Move move(
      String cluster,
      Move.Kind kind,
      String node,
      long drainedIncarnation,
      int slotsVersion,
      long throttleBytesPerSecond,
      List<Step> steps,
      long nowMs) {
    String id =
        (kind == Move.Kind.DRAIN ? "drain-" + node : "rebalance") + "-" + Long.toHexString(nowMs);
    return new Move(
        Move.FORMAT,
        id,
        cluster,
        kind,
        node,
        drainedIncarnation,
        slotsVersion,
        throttleBytesPerSecond,
        steps,
        Move.State.PLANNED,
        "",
        nowMs,
        nowMs);
  }

  private static List<BitSet> parts(BitSet slots) {
    List<BitSet> parts = new ArrayList<>();
    BitSet part = new BitSet(Slots.COUNT);
    int size = 0;
    for (int slot = slots.nextSetBit(0); slot >= 0; slot = slots.nextSetBit(slot + 1)) {
      part.set(slot);
      if (++size == SLOTS_PER_STEP) {
        parts.add(part);
        part = new BitSet(Slots.COUNT);
        size = 0;
      }
    }
    if (size > 0) {
      parts.add(part);
    }
    return parts;
  }
}
