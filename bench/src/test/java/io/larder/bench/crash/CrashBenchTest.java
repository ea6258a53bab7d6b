package io.larder.bench.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.Figure;
import io.larder.bench.Progress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashBenchTest {
  private static final int KILLS = 4;

  @TempDir Path directory;

  @Test
  void whatWasAcknowledgedOutlivesTheProcess() throws Exception {
    long seed = System.nanoTime();
    List<Figure> figures = new CrashBench(KILLS, 0, seed).run(directory, Progress.SILENT);
    assertThat(figures.stream().filter(figure -> !figure.meetsGoal()))
        .as("with seed %d", seed)
        .isEmpty();
    assertThat(directory).isEmptyDirectory();
  }
}
