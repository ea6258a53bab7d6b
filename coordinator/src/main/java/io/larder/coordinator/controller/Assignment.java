package io.larder.coordinator.controller;

import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.placement.Placement;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The slot assignment of one term of leadership. Does no I/O; the clock is passed in. Not
 * thread-safe.
 *
 * <p>States: <i>starting</i>, in which nothing is assigned → (every node of the table is present,
 * or {@code startupWaitMs} passed; with an empty table, the first nodes have settled) →
 * <i>started</i>. Then a table is proposed whenever placement differs from the current one, at most
 * once a second. A node that is away keeps its slots for {@code reassignAfterMs}.
 *
 * <p>Slots without a present owner go to the nodes with the fewest at once, because puts to them
 * are refused meanwhile. A node that lost slots this way gets the same slots back when it has
 * returned and the set of nodes is stable, unless another coordinator or operator has reassigned
 * them since. All other slots stay where they are: a new node gets none by itself, unless the
 * cluster is not in use yet, {@code spreadToNewNodes} is set, or the cluster's first table was
 * written less than {@code startupWaitMs} ago; then all are spread evenly. A cluster is not in use
 * while none of its nodes holds a record: a node that is late in the first start gets its share,
 * however late it is. A node that is being drained owns nothing; one drained until its return is
 * drained no more once it has returned.
 */
final class Assignment {
  /** Least time between two changes of the slot table. */
  static final long INTERVAL_MS = 1_000;

  /** A node that keeps coming and going delays the others by at most this many settle times. */
  private static final int MAX_SETTLES = 5;

  private final AssignmentOptions options;
  private final long leaderSinceMs;
  private final Map<String, Long> goneSinceMs = new HashMap<>();
  private final Map<Integer, Loan> loans = new HashMap<>();
  private Set<String> live = Set.of();
  private long changedMs;
  private long unsettledSinceMs;
  private boolean settled;
  private boolean started;
  private long proposedMs;
  private long firstTableMs = -1;

  /**
   * A slot that another node owns while its owner is away. Only this term remembers it; after a
   * change of leader {@code larder admin rebalance} spreads the slots.
   */
  private record Loan(String lender, String borrower) {}

  Assignment(AssignmentOptions options, long nowMs) {
    this.options = options;
    this.leaderSinceMs = nowMs;
    this.changedMs = nowMs;
    this.unsettledSinceMs = nowMs;
    this.proposedMs = nowMs - INTERVAL_MS;
  }

  /**
   * Returns the table to write now, with the version that a compare-and-set must find; empty if
   * there is nothing to do.
   *
   * @param unused whether it is known that no node of the cluster holds a record; may be false as
   *     long as every live node owns slots
   */
  Optional<SlotTable> propose(ClusterImage image, boolean unused, long nowMs) {
    observe(image, nowMs);
    if (live.isEmpty() || !isStarted(image.slots(), nowMs)) {
      return Optional.empty();
    }
    if (nowMs - proposedMs < INTERVAL_MS) {
      return Optional.empty();
    }
    if (image.slots().counts().isEmpty()) {
      firstTableMs = nowMs;
    }
    boolean quiet = isSettled(nowMs);
    SlotTable slots = quiet ? withoutReturned(image) : image.slots();
    Set<String> draining = slots.draining();
    Set<String> keep = new HashSet<>();
    goneSinceMs.forEach((nodeId, since) -> {
      if (nowMs - since < options.reassignAfterMs() && !draining.contains(nodeId)) {
        keep.add(nodeId);
      }
    });
    List<Placement.Member> members =
        image.nodes().values().stream()
            .filter(node -> !draining.contains(node.nodeId()))
            .map(node -> new Placement.Member(node.nodeId(), node.capacityBytes()))
            .toList();
    loans
        .entrySet()
        .removeIf(loan -> {
          String owner = image.slots().owner(loan.getKey());
          return !loan.getValue().borrower().equals(owner);
        });
    SlotTable filled = Placement.fill(quiet ? withReturned(slots, members) : slots, members, keep);
    boolean late = members.stream().anyMatch(m -> !filled.counts().containsKey(m.nodeId()));
    boolean spread =
        quiet
            && (options.spreadToNewNodes()
                || (unused && late)
                || (firstTableMs >= 0 && nowMs - firstTableMs < options.startupWaitMs()));
    SlotTable table = spread ? Placement.place(filled, members, keep) : filled;
    if (table.sameAs(image.slots())) {
      return Optional.empty();
    }
    proposedMs = nowMs;
    remember(image.slots(), table);
    return Optional.of(table);
  }

  /** The table with lent slots returned to their lenders among the members. */
  private SlotTable withReturned(SlotTable slots, List<Placement.Member> members) {
    Set<String> there = members.stream().map(Placement.Member::nodeId).collect(Collectors.toSet());
    @Nullable String[] owners = slots.toOwners();
    loans.forEach((slot, loan) -> {
      if (there.contains(loan.lender())) {
        owners[slot] = loan.lender();
      }
    });
    return slots.withOwners(owners);
  }

  /** Remembers the slots that the next table takes from nodes that are away. */
  private void remember(SlotTable before, SlotTable after) {
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      String from = before.owner(slot);
      String to = after.owner(slot);
      if (from == null || to == null || from.equals(to)) {
        continue;
      }
      Loan loan = loans.get(slot);
      String lender = loan == null ? from : loan.lender();
      if (!live.contains(from) && !lender.equals(to)) {
        loans.put(slot, new Loan(lender, to));
      } else {
        loans.remove(slot);
      }
    }
  }

  /** The table without the drains that ended with their node's return. */
  private static SlotTable withoutReturned(ClusterImage image) {
    SlotTable slots = image.slots();
    for (Map.Entry<String, Long> drain : image.slots().drains().entrySet()) {
      NodeRecord node = image.nodes().get(drain.getKey());
      if (drain.getValue() != SlotTable.UNTIL_UNDRAINED
          && node != null
          && node.incarnation() != drain.getValue()) {
        slots = slots.withoutDrain(drain.getKey());
      }
    }
    return slots;
  }

  private void observe(ClusterImage image, long nowMs) {
    if (!live.equals(image.nodes().keySet())) {
      live = Set.copyOf(image.nodes().keySet());
      changedMs = nowMs;
      if (settled) {
        unsettledSinceMs = nowMs;
        settled = false;
      }
    }
    Set<String> owners = image.slots().counts().keySet();
    goneSinceMs.keySet().removeIf(nodeId -> live.contains(nodeId) || !owners.contains(nodeId));
    for (String owner : owners) {
      if (!live.contains(owner)) {
        goneSinceMs.putIfAbsent(owner, nowMs);
      }
    }
  }

  private boolean isStarted(SlotTable table, long nowMs) {
    if (!started) {
      boolean first = table.counts().isEmpty();
      started =
          first
              ? nowMs - changedMs >= options.settleMs()
              : live.containsAll(table.counts().keySet())
                  || nowMs - leaderSinceMs >= options.startupWaitMs();
    }
    return started;
  }

  private boolean isSettled(long nowMs) {
    if (nowMs - changedMs >= options.settleMs()
        || nowMs - unsettledSinceMs >= (long) MAX_SETTLES * options.settleMs()) {
      settled = true;
    }
    return settled;
  }
}
