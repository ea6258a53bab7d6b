package io.larder.bench.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.bench.Figure;
import io.larder.bench.Progress;
import io.larder.bench.Trace;
import io.larder.bench.device.DeviceBenchOptions.Part;
import io.larder.node.device.SparseFile;
import io.larder.node.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceBenchTest {
  private static final long SIZE = 128L << 20;

  @TempDir Path directory;
  private Path device;

  @BeforeEach
  void create() throws Exception {
    device = directory.resolve("device");
    SparseFile.create(device, SIZE);
  }

  private DeviceBenchOptions options(boolean force) {
    return new DeviceBenchOptions(
        device,
        force,
        SIZE,
        List.of(4 << 10, 1 << 20),
        List.of(8),
        2,
        Duration.ofMillis(50),
        Trace.conversationSlice().first(100),
        EnumSet.allOf(Part.class));
  }

  @Test
  void everyFigureIsMeasuredInEveryRound() throws Exception {
    List<Figure> figures = DeviceBench.run(options(false), Progress.SILENT);
    for (String size : List.of("4KiB", "1MiB")) {
      for (String what : List.of("put", "get")) {
        String ratio = what + size + "Depth8ThreadsBy(Fio|Engine)"; // as this machine has it
        assertThat(figures).anyMatch(f -> f.name().matches(ratio) && f.rounds().size() == 2);
      }
    }
    assertThat(figures)
        .extracting(Figure::name)
        .contains(
            "engineRead1MiBThreadsCpu", "get1MiBDepth8ThreadsAllocated", "zipfWriteAmplification");
    // Processor time is counted in hundredths of a second: a short round may show none.
    assertThat(figures)
        .allSatisfy(f -> assertThat(f.value()).as(f.name()).isFinite().isNotNegative());
    assertThatThrownBy(() -> DeviceBench.run(options(false), Progress.SILENT))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("--force");
  }

  @Test
  void foreignDataIsLeftAlone() throws Exception {
    byte[] foreign = "somebody's".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    Files.write(device, foreign, StandardOpenOption.WRITE);
    assertThatThrownBy(() -> DeviceBench.run(options(false), Progress.SILENT))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("holds something else");
    assertThat(Files.newInputStream(device).readNBytes(foreign.length)).isEqualTo(foreign);
  }

  @Test
  void aDeviceTooSmallToMeasureSaysSo() throws Exception {
    Path small = directory.resolve("small");
    SparseFile.create(small, 16 << 20);
    DeviceBenchOptions options =
        new DeviceBenchOptions(
            small,
            false,
            SIZE,
            List.of(4096),
            List.of(1),
            1,
            Duration.ofMillis(10),
            Trace.conversationSlice(),
            EnumSet.of(Part.rates));
    assertThatThrownBy(() -> DeviceBench.run(options, Progress.SILENT))
        .hasMessageContaining("give 128 MiB or more");
  }
}
