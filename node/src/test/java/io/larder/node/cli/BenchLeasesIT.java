package io.larder.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark of put-leases, shortened: what it counts is right on any machine. */
class BenchLeasesIT {
  @Test
  @Timeout(value = 240, unit = TimeUnit.SECONDS)
  void putsAndGetsWriteNothingToZooKeeperAndAHerdLeavesOneCopyOfEachKey() throws IOException {
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      int code = Larder.run("bench", "leases", "--json", "--keys", "3000", "--rounds", "1");
      assertThat(code).as("speeds may miss their goals here").isIn(0, Larder.FAILED);
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
    Map<String, Double> figures = new HashMap<>();
    for (JsonNode figure : new ObjectMapper().readTree(out.toByteArray()).get("figures")) {
      figures.put(figure.get("name").asText(), figure.get("value").asDouble());
    }
    assertThat(figures)
        .as(err.toString(StandardCharsets.UTF_8))
        .containsEntry("zooKeeperWritesPerPut", 0.0)
        .containsEntry("zooKeeperWritesPerGet", 0.0)
        .containsEntry("herdCopiesMax", 1.0)
        .containsEntry("herdPutsStored", 1_000.0);
    assertThat(figures.get("herdDeviceBytesPerUniqueByte")).isBetween(1.0, 1.05);
    assertThat(figures.get("directoryBytesPerKey")).isBetween(24.0, 48.0);
    for (String speed :
        new String[] {
          "leaseGrantsPerSecond", "putsPerSecond", "getsPerSecond", "znodePerKeyPutsPerSecond"
        }) {
      assertThat(figures.get(speed)).as(speed).isPositive();
    }
    assertThat(figures)
        .containsKeys(
            "slotsClaimedAtColdStart",
            "putExtraForLeaseP50",
            "waiterWokenP99",
            "slotsServeAgainAfterSessionTimeout");
  }
}
