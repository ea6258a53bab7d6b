package io.larder.coordinator.moves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.coordinator.placement.Placement;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MovePlannerTest {
  private static final long CAPACITY = 1_000_000_000L;

  private static ClusterImage image(int owners, int nodes) {
    List<Placement.Member> members = new ArrayList<>();
    Map<String, NodeRecord> live = new HashMap<>();
    for (int i = 0; i < nodes; i++) {
      String id = "n" + i;
      live.put(id, new NodeRecord(id, 1, "h", 1, 0, "", CAPACITY, "", ""));
      if (i < owners) {
        members.add(new Placement.Member(id, CAPACITY));
      }
    }
    SlotTable table = Placement.place(SlotTable.EMPTY, members, Set.of()).withVersion(7);
    return new ClusterImage(table, live);
  }

  private static Map<String, Usage> used(long... bytes) {
    Map<String, Usage> usage = new HashMap<>();
    for (int i = 0; i < bytes.length; i++) {
      usage.put("n" + i, new Usage(10, bytes[i], CAPACITY));
    }
    return usage;
  }

  @Test
  void aNewNodeGetsItsShareInStepsAndNothingElseMoves() {
    Move plan = MovePlanner.rebalance("c", image(3, 4), used(1, 1, 1, 1), 5, 99);
    assertThat(plan.slotsToMove()).isEqualTo(Slots.COUNT / 4);
    assertThat(plan.steps())
        .allMatch(step -> step.to().equals("n3") && step.kind() == Step.Kind.SLOTS)
        .allMatch(step -> step.slotSet().cardinality() <= MovePlanner.SLOTS_PER_STEP);
    assertThat(plan.slotsVersion()).isEqualTo(7);
    assertThat(MovePlanner.rebalance("c", image(3, 3), used(1, 1, 1), 5, 99).steps()).isEmpty();
  }

  @Test
  void bytesMoveOffAnOverfullNodeOnlyWhileOthersHaveRoom() {
    Move plan =
        MovePlanner.rebalance("c", image(3, 3), used(950_000_000, 1_000_000, 49_000_000), 0, 1);
    assertThat(plan.steps()).hasSize(1);
    assertThat(plan.steps().getFirst().from()).isEqualTo("n0");
    assertThat(plan.steps().getFirst().bytes()).isBetween(616_000_000L, 617_000_000L);
    assertThat(
            MovePlanner.rebalance(
                    "c", image(3, 3), used(950_000_000, 890_000_000, 890_000_000), 0, 1)
                .steps())
        .isEmpty();
  }

  @Test
  void aDrainPastTheOthersCapacityIsRefusedUnlessTheyMayEvict() throws Exception {
    Map<String, Usage> usage = used(500_000_000, 700_000_000, 700_000_000);
    assertThatThrownBy(() -> MovePlanner.drain("c", "n0", image(3, 3), usage, 0, false, false, 1))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("476.8 MiB")
        .hasMessageContaining("381.5 MiB")
        .hasMessageContaining("--allow-eviction");
    assertThat(MovePlanner.drain("c", "n0", image(3, 3), usage, 0, true, false, 1).bytesToMove())
        .isEqualTo(500_000_000);
  }

  @Test
  void theLastNodeAndASilentOneAreNotDrained() {
    assertThatThrownBy(() -> MovePlanner.drain("c", "n0", image(1, 1), used(1), 0, true, false, 1))
        .hasMessageContaining("the last one");
    assertThatThrownBy(() -> MovePlanner.drain("c", "n1", image(2, 2), used(1), 0, true, false, 1))
        .hasMessageContaining("does not answer");
  }

  @Test
  void aDrainUntilReturnNamesTheIncarnationThatGoes() throws Exception {
    Move stays = MovePlanner.drain("c", "n0", image(3, 3), used(1, 1, 1), 0, false, false, 1);
    assertThat(stays.isUntilReturn()).isFalse();
    Move returns = MovePlanner.drain("c", "n0", image(3, 3), used(1, 1, 1), 0, false, true, 1);
    assertThat(returns.isUntilReturn()).isTrue();
    assertThat(returns.drainedIncarnation()).isEqualTo(1);
    assertThat(Move.decode(returns.encode())).isEqualTo(returns);
  }

  @Test
  void aMoveIsReadAsItWasWritten() {
    Move plan = MovePlanner.rebalance("c", image(3, 4), used(1, 1, 1, 1), 5, 99);
    assertThat(Move.decode(plan.encode())).isEqualTo(plan);
    byte[] newer =
        new String(plan.encode(), StandardCharsets.UTF_8)
            .replace("\"format\" : 1", "\"format\" : 2")
            .getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Move.decode(newer)).hasMessageContaining("format 2");
    assertThatThrownBy(() -> Move.decode("[".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
