package io.larder.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The fault suite, shortened, in real processes; with links cut where that can be done. */
class BenchFaultsIT {
  private static final List<String> BY_SIGNALS = List.of("node-frozen");
  private static final List<String> BY_CUTS = List.of("node-unheard", "node-isolated");

  @Test
  @Timeout(value = 300, unit = TimeUnit.SECONDS)
  void everyPromiseIsKeptWhileTheClusterIsBroken() throws IOException {
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code;
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      code =
          Larder.run(
              "bench",
              "faults",
              "--json",
              "--faults",
              String.join(",", BY_SIGNALS) + "," + String.join(",", BY_CUTS));
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
    String said = err.toString(StandardCharsets.UTF_8);
    assertThat(code).as(said).isZero();
    Map<String, Double> figures = new HashMap<>();
    for (JsonNode figure : new ObjectMapper().readTree(out.toByteArray()).get("figures")) {
      figures.put(figure.get("name").asText(), figure.get("value").asDouble());
    }
    boolean cut = !said.contains("LEFT OUT");
    int struck = BY_SIGNALS.size() + (cut ? BY_CUTS.size() : 0);
    assertThat(figures).as(said).containsEntry("faults", (double) struck);
    assertThat(figures.get("putsStored")).isGreaterThan(50.0 * struck);
    assertThat(figures.get("readsVerified")).isGreaterThan(500.0 * struck);
    assertThat(figures)
        .containsEntry("readsOfWrongBytes", 0.0)
        .containsEntry("keysWithTwoHolders", 0.0)
        .containsEntry("acknowledgedPutsLost", 0.0)
        .containsEntry("deletedValuesServed", 0.0)
        .containsEntry("callsPastDeadline", 0.0);
  }

  @Test
  void aFaultThatThereIsNotIsRefusedWithThoseThereAre() {
    PrintStream stderr = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code;
    try {
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      code = Larder.run("bench", "faults", "--faults", "lightning");
    } finally {
      System.setErr(stderr);
    }
    assertThat(code).isEqualTo(Larder.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("lightning").contains("node-unheard");
  }
}
