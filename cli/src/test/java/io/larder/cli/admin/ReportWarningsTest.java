package io.larder.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.controller.NodeReport;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportWarningsTest {
  @Test
  void aNodeThatLostNothingIsNotWarnedOf() {
    assertThat(ReportWarnings.of("node-1", new NodeReport(Map.of("held", 0L), 12, 0, 0))).isEmpty();
  }

  @Test
  void droppedPutsAreCountedByReasonUnderWhatToDoAboutThem() {
    Map<String, Long> dropped =
        Map.of("owner_away", 1_200L, "unsettled", 34L, "no_memory", 2L, "not_allowed", 1L);
    assertThat(ReportWarnings.of("node-1", new NodeReport(dropped, 0, 0, 0)))
        .containsExactlyInAnyOrder(
            "node node-1 has dropped puts of plain sessions since its start (owner_away 1,200, unsettled 34): look at the nodes and at ZooKeeper: a slot's owner did not answer",
            "node node-1 has dropped puts of plain sessions since its start (no_memory 2): raise memory.poolBytes",
            "node node-1 has dropped puts of plain sessions since its start (not_allowed 1): look at the node's log");
  }

  @Test
  void deletesThatCouldNotBeNotedAndPutsThatAreNotRevokedAreWarnedOf() {
    assertThat(ReportWarnings.of("node-2", new NodeReport(Map.of(), 32_768, 5, 3)))
        .containsExactly(
            "node node-2 has forgotten deletes of keys that a node which is away may hold (5): those values may return with it, delete them again then",
            "node node-2 has given up puts that their slots' owners have not heard of (3 keys): it asks on; if the number stays, look at the nodes and at ZooKeeper");
  }
}
