package io.larder.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  @Test
  void quantilesAreWithinAThirtySecond() {
    LatencyHistogram histogram = new LatencyHistogram();
    for (int us = 1; us <= 10_000; us++) {
      histogram.record(us * 1000L);
    }
    assertThat(histogram.count()).isEqualTo(10_000);
    assertThat(histogram.quantileMs(0.5)).isCloseTo(5, within(5 / 32.0));
    assertThat(histogram.quantileMs(0.99)).isCloseTo(9.9, within(9.9 / 32));
    assertThat(histogram.quantileMs(1)).isEqualTo(10);
    assertThat(histogram.maxMs()).isEqualTo(10);
  }

  @Test
  void theEndsOfTheRangeAreCounted() {
    LatencyHistogram histogram = new LatencyHistogram();
    assertThat(histogram.quantileMs(0.5)).isZero();
    histogram.record(-1);
    histogram.record(0);
    histogram.record(Long.MAX_VALUE);
    assertThat(histogram.count()).isEqualTo(3);
    assertThat(histogram.quantileMs(0.5)).isZero();
    assertThat(histogram.quantileMs(1)).isEqualTo((1L << 43) / 1e6);
  }
}
