package io.larder.coordinator.placement;

import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTable.SlotRange;
import io.larder.protocol.Slots;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Spreads the slots over nodes in proportion to their capacity and moves as few as necessary.
 *
 * <ol>
 *   <li>Each node's quota is rounded down or up (largest remainder). The seats that rounding leaves
 *       go first to nodes that have the slot already, since each such seat saves a move.
 *   <li>A node with too many gives up its smallest ranges first, so that the table stays short.
 *   <li>Slots given up, and slots without an owner, go in ascending runs to the nodes with too few.
 * </ol>
 *
 * <p>The same input always gives the same table.
 */
public final class Placement {

  /**
   * A node that can own slots.
   *
   * @param capacityBytes its weight; if all are 0 they count alike
   */
  public record Member(String nodeId, long capacityBytes) {}

  private record Share(Member member, int floor, BigInteger remainder, int have) {}

  private Placement() {}

  /**
   * Returns the new table, with the version of the current one, which a compare-and-set must find.
   *
   * @param members the nodes to spread over; with none the table stays as it is
   * @param keep nodes that keep exactly their slots (away but expected back); never members
   */
  public static SlotTable place(SlotTable current, Collection<Member> members, Set<String> keep) {
    if (members.isEmpty()) {
      return current;
    }
    @Nullable String[] owners = current.toOwners();
    BitSet free = new BitSet(Slots.COUNT);
    Map<String, Integer> have = new TreeMap<>();
    Set<String> ids = members.stream().map(Member::nodeId).collect(Collectors.toSet());
    int total = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      String owner = owners[slot];
      if (owner != null && keep.contains(owner)) {
        continue;
      }
      total++;
      if (owner == null || !ids.contains(owner)) {
        free.set(slot);
      } else {
        have.merge(owner, 1, Integer::sum);
      }
    }
    Map<String, Integer> targets = targets(members, have, total);
    targets.forEach((nodeId, target) ->
        giveUp(current.ranges(), nodeId, have.getOrDefault(nodeId, 0) - target, free));
    int next = free.nextSetBit(0);
    for (Map.Entry<String, Integer> target : targets.entrySet()) {
      int missing = target.getValue() - have.getOrDefault(target.getKey(), 0);
      for (int i = 0; i < missing; i++) {
        owners[next] = target.getKey();
        next = free.nextSetBit(next + 1);
      }
    }
    assert next < 0 : "slot " + next + " was left without an owner";
    return current.withOwners(owners);
  }

  /**
   * Gives owners to the slots that have none, or whose owner is neither a member nor kept, to the
   * members with the fewest slots for their capacity; all else stays as it is.
   *
   * @param members the nodes that may get slots; with none the table stays as it is
   * @param keep nodes that keep exactly their slots; never members
   */
  public static SlotTable fill(SlotTable current, Collection<Member> members, Set<String> keep) {
    @Nullable String[] owners = current.toOwners();
    Set<String> ids = members.stream().map(Member::nodeId).collect(Collectors.toSet());
    BitSet free = new BitSet(Slots.COUNT);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      String owner = owners[slot];
      if (owner == null || (!keep.contains(owner) && !ids.contains(owner))) {
        free.set(slot);
      }
    }
    if (members.isEmpty() || free.isEmpty()) {
      return current;
    }
    boolean equal = members.stream().allMatch(m -> m.capacityBytes() <= 0);
    Map<String, Integer> given = new TreeMap<>();
    for (int i = free.cardinality(); i > 0; i--) {
      Member least = null;
      double lowest = Double.POSITIVE_INFINITY;
      for (Member member : members) {
        int slots =
            current.counts().getOrDefault(member.nodeId(), 0)
                + given.getOrDefault(member.nodeId(), 0);
        double load = (slots + 1) / Math.max(1e-9, weight(member, equal).doubleValue());
        boolean before = least == null || member.nodeId().compareTo(least.nodeId()) < 0;
        if (load < lowest || (load == lowest && before)) {
          least = member;
          lowest = load;
        }
      }
      if (least != null) {
        given.merge(least.nodeId(), 1, Integer::sum);
      }
    }
    int next = free.nextSetBit(0);
    for (Map.Entry<String, Integer> share : given.entrySet()) {
      for (int i = 0; i < share.getValue(); i++) {
        owners[next] = share.getKey();
        next = free.nextSetBit(next + 1);
      }
    }
    return current.withOwners(owners);
  }

  /** The number of slots for each member; the sum is {@code total}. */
  private static Map<String, Integer> targets(
      Collection<Member> members, Map<String, Integer> have, int total) {
    boolean equal = members.stream().allMatch(m -> m.capacityBytes() <= 0);
    BigInteger capacity = BigInteger.ZERO;
    for (Member member : members) {
      capacity = capacity.add(weight(member, equal));
    }
    List<Share> shares = new ArrayList<>();
    int seats = total;
    for (Member member : members) {
      BigInteger[] quota =
          weight(member, equal).multiply(BigInteger.valueOf(total)).divideAndRemainder(capacity);
      int floor = quota[0].intValueExact();
      shares.add(new Share(member, floor, quota[1], have.getOrDefault(member.nodeId(), 0)));
      seats -= floor;
    }
    shares.sort(
        Comparator.comparing((Share s) -> s.remainder().signum() == 0)
            .thenComparing(s -> s.have() <= s.floor())
            .thenComparing(Share::remainder, Comparator.reverseOrder())
            .thenComparing(s -> s.member().nodeId()));
    Map<String, Integer> targets = new TreeMap<>();
    for (Share share : shares) {
      targets.put(share.member().nodeId(), share.floor() + (seats-- > 0 ? 1 : 0));
    }
    return targets;
  }

  private static BigInteger weight(Member member, boolean equal) {
    return equal ? BigInteger.ONE : BigInteger.valueOf(Math.max(0, member.capacityBytes()));
  }

  /**
   * Frees {@code count} slots of a node: whole ranges, smallest first, then the tail of the next.
   */
  private static void giveUp(List<SlotRange> ranges, String nodeId, int count, BitSet free) {
    if (count <= 0) {
      return;
    }
    List<SlotRange> own =
        ranges.stream()
            .filter(range -> range.nodeId().equals(nodeId))
            .sorted(Comparator.comparingInt(SlotRange::size).thenComparingInt(SlotRange::from))
            .toList();
    int left = count;
    for (SlotRange range : own) {
      int taken = Math.min(left, range.size());
      free.set(range.to() + 1 - taken, range.to() + 1);
      left -= taken;
      if (left == 0) {
        return;
      }
    }
  }
}
