package io.larder.coordinator.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.placement.Placement.Member;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTableFormat;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlacementTest {

  private static List<Member> members(int count, long capacityBytes) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add(new Member("node-" + i, capacityBytes));
    }
    return members;
  }

  @Test
  void fromNothingEachNodeGetsOneRange() {
    SlotTable table = Placement.place(SlotTable.EMPTY, members(3, 1L << 40), Set.of());
    assertThat(table.counts().values()).containsExactlyInAnyOrder(5461, 5461, 5462);
    assertThat(table.ranges()).hasSize(3);
    assertThat(table.unowned()).isZero();
  }

  @Test
  void slotsFollowCapacity() {
    SlotTable table =
        Placement.place(
            SlotTable.EMPTY,
            List.of(new Member("a", 1L << 42), new Member("b", 3L << 42)),
            Set.of());
    assertThat(table.counts()).containsEntry("a", 4096).containsEntry("b", 12288);
  }

  @Test
  void withoutNodesTheTableStays() {
    SlotTable table = Placement.place(SlotTable.EMPTY, members(3, 1), Set.of());
    assertThat(Placement.place(table, List.of(), Set.of())).isSameAs(table);
  }

  @Test
  void aNodeExpectedBackKeepsExactlyWhatItHas() {
    SlotTable table = Placement.place(SlotTable.EMPTY, members(3, 1), Set.of());
    SlotTable next = Placement.place(table, members(2, 1), Set.of("node-2"));
    assertThat(next.sameAs(table)).isTrue();
    SlotTable without = Placement.place(table, members(2, 1), Set.of());
    assertThat(without.counts()).containsOnlyKeys("node-0", "node-1");
    assertThat(without.differences(table)).isEqualTo(table.counts().get("node-2"));
  }

  /** Seeded: a failure names the seed that repeats it. */
  @Test
  void anyTableBecomesCompleteProportionalWithinOneAndWithTheFewestMoves() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      @Nullable String[] owners = new String[Slots.COUNT];
      int owning = 1 + random.nextInt(8);
      int run = 1 + random.nextInt(3000);
      for (int slot = 0; slot < Slots.COUNT; ) {
        int to = Math.min(Slots.COUNT, slot + 1 + random.nextInt(run));
        Arrays.fill(
            owners, slot, to, random.nextInt(6) == 0 ? null : "node-" + random.nextInt(owning));
        slot = to;
      }
      SlotTable current = SlotTable.of(owners, seed);
      List<Member> members = new ArrayList<>();
      double capacity = 0;
      int count = 1 + random.nextInt(10);
      for (int i = 0; i < count; i++) {
        long bytes = random.nextInt(5) == 0 ? 1 << 20 : (1 + random.nextLong(64)) << 37;
        members.add(new Member("node-" + i, bytes));
        capacity += bytes;
      }
      SlotTable next = Placement.place(current, members, Set.of());
      assertThat(next.unowned()).as("seed %d: unowned", seed).isZero();
      assertThat(next.version()).isEqualTo(seed);
      int least = 0;
      int seats = Slots.COUNT;
      int savingSeats = 0;
      for (Member member : members) {
        double quota = member.capacityBytes() / capacity * Slots.COUNT;
        int target = next.counts().getOrDefault(member.nodeId(), 0);
        assertThat((double) target)
            .as("seed %d: %s", seed, member)
            .isBetween(Math.floor(quota + 1e-9), Math.ceil(quota - 1e-9));
        int floor = (int) Math.floor(quota + 1e-9);
        int have = current.counts().getOrDefault(member.nodeId(), 0);
        seats -= floor;
        least += Math.max(0, have - floor);
        savingSeats += have > floor && quota - floor > 1e-9 ? 1 : 0;
      }
      // Of the slots that live nodes had, only these must move; each seat saves one at most.
      least -= Math.min(seats, savingSeats);
      int moved = 0;
      Set<String> live = Set.copyOf(members.stream().map(Member::nodeId).toList());
      for (int slot = 0; slot < Slots.COUNT; slot++) {
        String owner = owners[slot];
        if (owner != null && live.contains(owner) && !owner.equals(next.owner(slot))) {
          moved++;
        }
      }
      assertThat(moved).as("seed %d: moves", seed).isEqualTo(least);
      assertThat(Placement.place(next, members, Set.of()).sameAs(next))
          .as("seed %d: settled", seed)
          .isTrue();
    }
  }

  @Test
  void aHundredNodesJoiningOneByOneLeaveATableUnder64KiB() {
    SlotTable table = SlotTable.EMPTY;
    for (int count = 1; count <= 100; count++) {
      table = Placement.place(table, members(count, 8L << 40), Set.of());
    }
    byte[] bytes = SlotTableFormat.encode(table);
    assertThat(bytes.length).isLessThan(64 << 10);
    assertThat(SlotTableFormat.decode(bytes, -1).sameAs(table)).isTrue();
  }
}
