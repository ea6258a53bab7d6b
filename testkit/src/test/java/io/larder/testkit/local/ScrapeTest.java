package io.larder.testkit.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ScrapeTest {
  @Test
  void valuesOfOneNameAreSummedOverTheirLabels() {
    Scrape scrape =
        Scrape.parse(
            """
            # HELP larder_evictions_total why
            # TYPE larder_evictions_total counter
            larder_evictions_total{cause="space"} 3.0
            larder_evictions_total{cause="a } b"} 4.0
            larder_entries 1.5E3 1700000000000
            larder_limit +Inf
            """);
    assertThat(scrape.sum("larder_evictions_total")).isEqualTo(7);
    assertThat(scrape.sum("larder_entries")).isEqualTo(1500);
    assertThat(scrape.sum("larder_limit")).isInfinite();
    assertThat(scrape.has("larder_missing")).isFalse();
    assertThat(scrape.sum("larder_missing")).isZero();
  }

  @Test
  void aMetricIsReadByOneOfItsLabels() {
    Scrape scrape =
        Scrape.parse(
            """
            larder_puts_dropped_total{reason="no-space"} 3.0
            larder_puts_dropped_total{cluster="c",reason="deadline"} 2.0
            larder_puts_dropped_total{reason="deadline",cluster="d"} 1.0
            """);
    assertThat(scrape.by("larder_puts_dropped_total", "reason"))
        .containsOnly(Map.entry("no-space", 3.0), Map.entry("deadline", 3.0));
    assertThat(scrape.by("larder_puts_rejected_total", "reason")).isEmpty();
  }
}
