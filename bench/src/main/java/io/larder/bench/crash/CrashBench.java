package io.larder.bench.crash;

import io.larder.bench.Figure;
import io.larder.bench.Progress;
import io.larder.node.store.StoreConfig.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Measures the blocks that survive kill -9, for both levels of durability, and the cost of a
 * restart.
 *
 * @param kills the number of kills of each level
 * @param records the records in the measured restart; 0 skips it
 * @param seed the seed of kill moments and load; the threads' interleaving is not repeated
 */
public record CrashBench(int kills, int records, long seed) {
  /** Runs everything in a new folder inside {@code parent}, which is deleted afterwards. */
  public List<Figure> run(Path parent, Progress progress) throws IOException {
    progress.say("seed " + seed);
    Path folder = Files.createTempDirectory(parent, "larder-crash-");
    try {
      List<Figure> figures = new ArrayList<>();
      for (Durability durability : Durability.values()) {
        figures.addAll(new KillRun(durability, kills, seed, folder).run(progress));
      }
      if (records > 0) {
        figures.addAll(new RestartRun(records, folder).run(progress));
      }
      figures.add(FaultRows.figure());
      return figures;
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
