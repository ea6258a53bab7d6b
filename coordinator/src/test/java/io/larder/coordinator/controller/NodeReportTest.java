package io.larder.coordinator.controller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeReportTest {
  @Test
  void itIsReadFromInfo() {
    String info =
        """
        # Stats
        evicted_keys:2
        larder_deletes_noted:5
        larder_deletes_notes_dropped:7
        larder_puts_withdrawn:11
        puts_dropped:3
        puts_dropped_owner_away:1
        puts_dropped_unsettled:2
        """
            .replace("\n", "\r\n");
    assertThat(NodeReport.of(info))
        .isEqualTo(new NodeReport(Map.of("owner_away", 1L, "unsettled", 2L), 5, 7, 11));
  }

  @Test
  void aNodeThatDoesNotCountSomethingReportsNoneOfIt() {
    assertThat(NodeReport.of("# Stats\r\nevicted_keys:2\r\n"))
        .isEqualTo(new NodeReport(Map.of(), 0, 0, 0));
  }
}
