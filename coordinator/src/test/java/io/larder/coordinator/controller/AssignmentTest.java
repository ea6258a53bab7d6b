package io.larder.coordinator.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.config.AssignmentOptions;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AssignmentTest {
  private final Assignment term =
      new Assignment(new AssignmentOptions(10_000, 8_000, 1_500, true), 0);
  private SlotTable slots = SlotTable.EMPTY;
  private boolean unused;

  /** The leader's turns from one time to another, every 250 ms, with these nodes there. */
  private void turns(long fromMs, long toMs, String... live) {
    turns(term, fromMs, toMs, live);
  }

  private void turns(Assignment leader, long fromMs, long toMs, String... live) {
    Map<String, NodeRecord> nodes = new HashMap<>();
    for (String nodeId : live) {
      nodes.put(nodeId, new NodeRecord(nodeId, 1, "h", 1, 0, "", 1 << 30, "", ""));
    }
    for (long now = fromMs; now < toMs; now += 250) {
      leader.propose(new ClusterImage(slots, nodes), unused, now).ifPresent(table -> slots = table);
    }
  }

  @Test
  void theFirstNodesShareEvenIfTheyDoNotComeAtOnce() {
    turns(0, 5_000);
    assertThat(slots.counts()).isEmpty();
    turns(5_000, 6_000, "a");
    turns(6_000, 7_000, "a", "b");
    turns(7_000, 8_250, "a", "b", "c");
    assertThat(slots.counts()).as("not settled yet").isEmpty();
    turns(8_250, 9_500, "a", "b", "c");
    assertThat(slots.counts()).containsOnlyKeys("a", "b", "c");
    assertThat(slots.unowned()).isZero();
  }

  @Test
  void aStartingLeaderAssignsNothingUntilAllNodesOfTheTableAreBack() {
    turns(0, 3_000, "a", "b");
    SlotTable before = slots;
    Assignment next = new Assignment(new AssignmentOptions(10_000, 0, 1_500, true), 0);
    Map<String, NodeRecord> onlyA =
        Map.of("a", new NodeRecord("a", 1, "h", 1, 0, "", 1 << 30, "", ""));
    for (long now = 0; now < 10_000; now += 250) {
      assertThat(next.propose(new ClusterImage(before, onlyA), false, now))
          .as("at %d", now)
          .isEmpty();
    }
    assertThat(next.propose(new ClusterImage(before, onlyA), false, 10_000))
        .hasValueSatisfying(table -> assertThat(table.counts()).containsOnlyKeys("a"));
  }

  @Test
  void aNodeThatReturnsWithinTheGraceKeepsItsSlots() {
    turns(0, 3_000, "a", "b");
    SlotTable before = slots;
    turns(3_000, 10_000, "a");
    turns(10_000, 20_000, "a", "b");
    assertThat(slots.sameAs(before)).isTrue();
  }

  @Test
  void theSlotsOfANodeThatStaysAwayAreReassignedAfterTheGrace() {
    turns(0, 3_000, "a", "b");
    turns(3_000, 11_000, "a");
    assertThat(slots.counts()).containsKeys("a", "b");
    turns(11_000, 11_250, "a");
    assertThat(slots.counts()).containsOnlyKeys("a");
    assertThat(slots.unowned()).isZero();
  }

  @Test
  void aNodeThatLostItsSlotsWhileItWasAwayGetsThoseBackAndANewOneGetsNone() {
    Assignment manual = new Assignment(new AssignmentOptions(2_000, 500, 1_500, false), 0);
    turns(manual, 0, 6_000, "a", "b");
    SlotTable before = slots;
    turns(manual, 6_000, 7_000, "a");
    assertThat(slots.counts()).as("at once, puts are refused meanwhile").containsOnlyKeys("a");
    turns(manual, 7_000, 20_000, "a", "c");
    assertThat(slots.counts()).containsOnlyKeys("a");
    turns(manual, 20_000, 21_250, "a", "b", "c");
    assertThat(slots.counts()).as("not settled yet").containsOnlyKeys("a");
    turns(manual, 21_250, 23_000, "a", "b", "c");
    assertThat(slots.sameAs(before)).as("%s as before %s", slots, before).isTrue();
  }

  @Test
  void slotsLentOnThroughSeveralDeathsAllGoHome() {
    Assignment manual = new Assignment(new AssignmentOptions(2_000, 500, 1_500, false), 0);
    turns(manual, 0, 6_000, "a", "b", "c");
    SlotTable before = slots;
    turns(manual, 6_000, 10_000, "b", "c");
    turns(manual, 10_000, 15_000, "c");
    assertThat(slots.counts()).containsOnlyKeys("c");
    turns(manual, 15_000, 20_000, "b", "c");
    turns(manual, 20_000, 25_000, "a", "b", "c");
    assertThat(slots.sameAs(before)).as("%s as before %s", slots, before).isTrue();
  }

  @Test
  void whatARebalanceGaveAwaySinceStaysThere() {
    Assignment manual = new Assignment(new AssignmentOptions(2_000, 500, 1_500, false), 0);
    turns(manual, 0, 6_000, "a", "b");
    turns(manual, 6_000, 10_000, "a", "c");
    assertThat(slots.counts()).containsEntry("c", 8_192);
    @Nullable String[] owners = slots.toOwners();
    for (int slot = 0; slot < owners.length; slot++) {
      owners[slot] = slot % 2 == 0 ? "a" : "c";
    }
    slots = slots.withOwners(owners);
    turns(manual, 10_000, 15_000, "a", "c");
    assertThat(slots.toOwners()).isEqualTo(owners);
    turns(manual, 15_000, 20_000, "a", "b", "c");
    assertThat(slots.counts().get("a")).as("a's own half of before and c's").isEqualTo(8_192);
    assertThat(slots.counts().get("b")).as("what c still had of b's").isEqualTo(4_096);
  }

  @Test
  void aNewNodeGetsItsShareAndTheOthersKeepTheRest() {
    turns(0, 3_000, "a", "b");
    SlotTable before = slots;
    turns(3_000, 6_000, "a", "b", "c");
    assertThat(slots.counts().get("c")).isBetween(5461, 5462);
    assertThat(slots.differences(before)).isEqualTo(slots.counts().get("c"));
  }

  @Test
  void aNodeThatIsLateInTheFirstStartGetsItsShareHoweverLate() {
    Assignment manual = new Assignment(new AssignmentOptions(2_000, 500, 1_500, false), 0);
    unused = true;
    turns(manual, 0, 6_000, "a", "b");
    turns(manual, 6_000, 3_600_000, "a", "b");
    turns(manual, 3_600_000, 3_601_250, "a", "b", "c");
    assertThat(slots.counts()).as("not settled yet").containsOnlyKeys("a", "b");
    turns(manual, 3_601_250, 3_603_000, "a", "b", "c");
    assertThat(slots.counts().get("c")).isBetween(5461, 5462);
  }

  @Test
  void aLateNodeGetsItsShareFromALeaderThatDidNotWriteTheFirstTable() {
    turns(0, 3_000, "a", "b");
    Assignment next = new Assignment(new AssignmentOptions(2_000, 500, 1_500, false), 10_000);
    unused = true;
    turns(next, 10_000, 14_000, "a", "b", "c");
    assertThat(slots.counts().get("c")).isBetween(5461, 5462);
  }

  @Test
  void aNodeThatJoinsAClusterInUseGetsNothingByItself() {
    Assignment manual = new Assignment(new AssignmentOptions(2_000, 500, 1_500, false), 0);
    unused = true;
    turns(manual, 0, 6_000, "a", "b");
    SlotTable before = slots;
    unused = false;
    turns(manual, 6_000, 60_000, "a", "b", "c");
    assertThat(slots.sameAs(before)).isTrue();
  }

  @Test
  void aNodeThatComesAndGoesAllTheTimeHoldsTheOthersUpForABoundedTime() {
    for (long now = 0; now < 6_000; now += 500) {
      turns(now, now + 500, now % 1_000 == 0 ? new String[] {"a"} : new String[] {"a", "b"});
    }
    assertThat(slots.counts()).isEmpty(); // nothing to start from yet: wait for quiet
    turns(6_000, 8_000, "a");
    assertThat(slots.counts()).containsOnlyKeys("a");
    for (long now = 8_000; now < 17_000; now += 500) {
      turns(
          now,
          now + 500,
          now % 1_000 == 0 ? new String[] {"a", "c"} : new String[] {"a", "b", "c"});
    }
    assertThat(slots.counts()).containsKey("c");
  }

  @Test
  void aNodeDrainedUntilItsReturnTakesSlotsAgainOnlyAsAnotherIncarnation() {
    turns(0, 3_000, "a", "b", "c");
    slots = slots.withDrain("a", SlotTable.UNTIL_UNDRAINED).withDrain("b", 1);
    turns(3_000, 6_000, "a", "b", "c");
    assertThat(slots.counts()).containsOnlyKeys("c");
    turns(6_000, 9_000, "a", "c");
    assertThat(slots.draining()).containsExactly("a", "b");
    ClusterImage returned =
        new ClusterImage(
            slots,
            Map.of(
                "a", new NodeRecord("a", 2, "h", 1, 0, "", 1 << 30, "", ""),
                "b", new NodeRecord("b", 2, "h", 1, 0, "", 1 << 30, "", ""),
                "c", new NodeRecord("c", 1, "h", 1, 0, "", 1 << 30, "", "")));
    assertThat(term.propose(returned, false, 9_000)).as("not settled yet").isEmpty();
    slots = term.propose(returned, false, 12_000).orElseThrow();
    assertThat(slots.draining()).containsExactly("a");
    assertThat(slots.counts()).containsOnlyKeys("b", "c");
  }

  @Test
  void theTableIsWrittenAtMostOnceASecond() {
    turns(0, 3_000, "a");
    Map<String, NodeRecord> two = new HashMap<>();
    two.put("a", new NodeRecord("a", 1, "h", 1, 0, "", 1 << 30, "", ""));
    two.put("b", new NodeRecord("b", 1, "h", 1, 0, "", 1 << 30, "", ""));
    int proposals = 0;
    // The write never succeeds (another leader wins): the proposal is repeated, once a second.
    for (long now = 3_000; now < 8_000; now += 250) {
      proposals += term.propose(new ClusterImage(slots, two), false, now).isPresent() ? 1 : 0;
    }
    assertThat(proposals).isBetween(3, 4);
  }
}
