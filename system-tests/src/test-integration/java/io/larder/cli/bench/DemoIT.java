package io.larder.cli.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.larder.bench.Outage;
import io.larder.cli.CommandRun;
import io.larder.node.block.MemoryPool;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoredRecord;
import io.larder.node.store.log.LogStore;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The demo, shortened, in real processes: as it is, robbed of a block, and slowed down. */
@Tag("integration")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DemoIT {
  private static final long MIB = 1 << 20;
  private static final Duration FROZEN = Duration.ofSeconds(30);

  @TempDir private Path folder;

  @Test
  void theDemoKeepsEveryPromiseAndPrintsNothingButItsReport() throws IOException {
    CommandRun run = CommandRun.larder("demo", "--requests", "150", "--json");
    // Fails on anything before or after the one object.
    JsonNode report =
        new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .readTree(run.out());
    assertThat(run.code()).as(run.out() + run.err()).isZero();
    assertThat(report.get("verdict").get("outcome").asText()).isEqualTo("KEPT");
    assertThat(report.get("verdict").get("findings")).isEmpty();
    assertThat(report.has("kept")).as("its folder is gone").isFalse();
    assertThat(run.err()).doesNotContain("WARN");
    Map<String, Double> figures = run.figures();
    assertThat(figures).containsEntry("requests", 150.0).containsEntry("failedCalls", 0.0);
    assertThat(of(figures, "hitRatio"))
        .isPositive()
        .isLessThanOrEqualTo(of(figures, "idealHitRatio"));
    assertThat(of(figures, "hits"))
        .isEqualTo(of(figures, "hitsHot") + of(figures, "hitsDevice") + of(figures, "hitsPeer"));
    assertThat(
            of(figures, "hits")
                + of(figures, "putsStored")
                + of(figures, "duplicatesSuppressed")
                + of(figures, "putsRefused"))
        .as("every lookup and every herd block is accounted for, but those of calls without answer")
        .isBetween(
            of(figures, "lookups") + 2 * 64 - 512 * of(figures, "callsRefused"),
            of(figures, "lookups") + 2 * 64);
    assertThat(of(figures, "herdComputations")).isGreaterThanOrEqualTo(64);
    assertThat(of(figures, "recovery")).isPositive();
    assertThat(of(figures, "recoveredBlocks")).isPositive();
    assertThat(of(figures, "putsStoredInOutage")).isPositive();
    assertThat(of(figures, "storedBlocks"))
        .isEqualTo(
            of(figures, "putsStored")
                + of(figures, "putsStoredInOutage")
                + 64
                - of(figures, "storedAgain"));
    assertThat(figures)
        .containsEntry("blocksLost", 0.0)
        .containsEntry("wrongBytes", 0.0)
        .containsEntry("maxCopiesPerKey", 1.0);
  }

  @Test
  void aBlockThatIsDeletedBehindTheClustersBackIsLostAndItsKeyIsNamed() throws IOException {
    AtomicReference<String> robbed = new AtomicReference<>("");
    Path kept = folder.resolve("demo");
    CommandRun run =
        demo(
            (cluster, local) -> {
              Path device = cluster.nodes().get(1).device();
              return new Before(local.crashOf(1)) {
                @Override
                void restarts() {
                  robbed.set(deleteOldest(device));
                }
              };
            },
            "--requests",
            "20",
            "--dir",
            kept.toString(),
            "--json");
    assertThat(run.code()).as(run.err()).isEqualTo(1);
    assertThat(robbed.get()).startsWith("demo-");
    JsonNode findings = run.verdict().get("findings");
    assertThat(findings).as(run.out()).hasSize(1);
    assertThat(findings.get(0).get("promise").asText()).isEqualTo("LOST");
    assertThat(findings.get(0).get("key").asText()).isEqualTo(robbed.get());
    assertThat(run.err()).contains("broken: lost: 1").contains(robbed.get()).contains(kept + "");
    assertThat(kept.resolve("node-2").resolve("node.log")).exists();
  }

  @Test
  void aBrokenRunKeepsItsTemporaryFolderAndSaysWhereItIs() throws IOException {
    CommandRun run =
        demo(
            (cluster, local) -> {
              Path device = cluster.nodes().get(1).device();
              return new Before(local.crashOf(1)) {
                @Override
                void restarts() {
                  deleteOldest(device);
                }
              };
            },
            "--requests",
            "5",
            "--json");
    assertThat(run.code()).as(run.err()).isEqualTo(1);
    Path kept = Path.of(new ObjectMapper().readTree(run.out()).get("kept").asText());
    assertThat(kept.resolve("node-1").resolve("node.log")).exists();
    assertThat(run.err()).contains("devices and logs: " + kept);
    try (var files = Files.walk(kept)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void aNodeThatStandsStillMakesTheDemoLateAndNotRed() throws IOException {
    CommandRun run =
        demo(
            (cluster, local) ->
                new Before(local.crashOf(1)) {
                  @Override
                  void isKilled() throws IOException {
                    String first = cluster.nodes().getFirst().nodeId();
                    cluster.freeze(first);
                    sleep(FROZEN);
                    cluster.thaw(first);
                  }
                },
            "--requests",
            "20",
            "--json");
    assertThat(run.code()).as(run.out() + run.err()).isZero();
    assertThat(run.verdict().get("late").asLong()).as(run.out()).isPositive();
    assertThat(run.verdict().get("lateMaxMs").asLong()).isGreaterThan(5_000);
    assertThat(run.err()).contains("late: ").contains("every promise was kept");
  }

  private static double of(Map<String, Double> figures, String name) {
    return Objects.requireNonNull(figures.get(name), name);
  }

  private static CommandRun demo(DemoCommand.CrashChoice crash, String... arguments) {
    return CommandRun.of(() -> new CommandLine(new DemoCommand(crash)).execute(arguments));
  }

  private static void sleep(Duration time) throws IOException {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Deletes the record that a node which does not run has had longest; returns its key. */
  private static String deleteOldest(Path device) {
    try (MemoryPool pool = new MemoryPool(64 * MIB, 16 * MIB);
        LogStore store = LogStore.open(StoreConfig.of(device), pool)) {
      record Entry(int slot, long fingerprint, long stamp) {}
      AtomicReference<Entry> oldest = new AtomicReference<>(new Entry(0, 0, Long.MAX_VALUE));
      for (int i = 0; i < Slots.COUNT; i++) {
        int slot = i;
        store.forEach(
            slot,
            (fingerprint, stamp, _) -> {
              if (stamp < oldest.get().stamp()) {
                oldest.set(new Entry(slot, fingerprint, stamp));
              }
            });
      }
      Entry victim = oldest.get();
      StoredRecord record =
          Objects.requireNonNull(store.describe(victim.slot(), victim.fingerprint()).join());
      assertThat(store.delete(victim.slot(), victim.fingerprint(), victim.stamp()).join()).isTrue();
      return new String(record.key(), UTF_8);
    }
  }

  /** A kill and a restart, with something done before each. */
  private abstract static class Before implements Outage.Crash {
    private final Outage.Crash crash;

    Before(Outage.Crash crash) {
      this.crash = crash;
    }

    void isKilled() throws IOException {}

    void restarts() {}

    @Override
    public void kill() throws IOException {
      isKilled();
      crash.kill();
    }

    @Override
    public long restart() throws IOException, InterruptedException {
      restarts();
      return crash.restart();
    }

    @Override
    public long recoveredBlocks() throws IOException, InterruptedException {
      return crash.recoveredBlocks();
    }
  }
}
