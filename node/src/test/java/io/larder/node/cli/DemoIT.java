package io.larder.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The demo, shortened, in real processes. */
class DemoIT {
  @Test
  @Timeout(value = 300, unit = TimeUnit.SECONDS)
  void theDemoKeepsEveryPromiseAndPrintsNothingButItsReport() throws IOException {
    CommandRun run = CommandRun.larder("demo", "--requests", "150", "--json");
    // Fails on anything before or after the one object.
    JsonNode report =
        new ObjectMapper()
            .enable(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .readTree(run.out());
    assertThat(run.code()).as(run.out() + run.err()).isZero();
    assertThat(report.get("requests").asInt()).isEqualTo(150);
    assertThat(report.get("hitRatio").asDouble())
        .isPositive()
        .isLessThanOrEqualTo(report.get("idealHitRatio").asDouble());
    assertThat(report.get("hits").asLong())
        .isEqualTo(
            report.get("hitsHot").asLong()
                + report.get("hitsDevice").asLong()
                + report.get("hitsPeer").asLong());
    assertThat(
            report.get("hits").asLong()
                + report.get("putsStored").asLong()
                + report.get("duplicatesSuppressed").asLong())
        .as("every lookup and every herd block is accounted for")
        .isEqualTo(report.get("lookups").asLong() + 2 * 64);
    assertThat(report.get("herdComputations").asLong()).isEqualTo(64);
    assertThat(report.get("bytesSaved").asLong())
        .isEqualTo(report.get("duplicatesSuppressed").asLong() * report.get("blockBytes").asLong());
    assertThat(report.get("recoveryMs").asLong()).isPositive();
    assertThat(report.get("recoveredBlocks").asLong()).isPositive();
    assertThat(report.get("acknowledgedBlocks").asLong())
        .isGreaterThan(report.get("putsStored").asLong() + 64);
    assertThat(report.get("acknowledgedBlocksLost").asLong()).isZero();
    assertThat(report.get("evictions").asLong()).isZero();
    assertThat(report.get("mismatches").asLong()).isZero();
    assertThat(report.get("maxCopiesPerKey").asInt()).isEqualTo(1);
  }
}
