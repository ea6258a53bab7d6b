package io.larder.bench.crash;

import static io.larder.bench.Figure.Better.higher;
import static io.larder.bench.Figure.Better.lower;

import io.larder.bench.Figure;
import io.larder.bench.Progress;
import io.larder.bench.crash.Note.Kind;
import io.larder.node.device.SparseFile;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.log.DeviceFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Puts many small records onto a sparse file, kills the process, and measures how the next ones
 * open it, each in a fresh JVM and each killed in its turn. The index's size is the heap's growth
 * when the store is opened, less that of an empty store; and again after it has grown by half under
 * puts, when its tables are less full than after recovery. The worst of these counts.
 */
final class RestartRun {
  private static final long DEVICE_BYTES = 16L << 30;
  private static final int ROUNDS = 5;

  private final int records;
  private final Path folder;

  RestartRun(int records, Path folder) {
    this.records = records;
    this.folder = folder;
  }

  List<Figure> run(Progress progress) throws IOException {
    Path file = folder.resolve("device-restart");
    SparseFile.create(file, DEVICE_BYTES);
    try (Progress.Task task =
        progress.task("restarts with %,d records".formatted(records), ROUNDS)) {
      DeviceFormat.format(new FormatOptions(file, 0, "crash", "node", 0, false));
      long emptyBytes = value(live(file, "open", 0), Kind.HEAP_BYTES);
      live(file, "fill", records);
      List<Double> millis = new ArrayList<>();
      List<Double> ratios = new ArrayList<>();
      List<Double> indexBytes = new ArrayList<>();
      long found = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS; i++) {
        Map<Kind, Long> round = live(file, "open", records);
        millis.add(value(round, Kind.OPEN_NANOS) / 1e6);
        ratios.add(1.0 * value(round, Kind.BYTES_READ) / value(round, Kind.BYTES_NEEDED));
        indexBytes.add(1.0 * (value(round, Kind.HEAP_BYTES) - emptyBytes) / records);
        found = Math.min(found, value(round, Kind.RECORDS));
        task.step(1);
      }
      Map<Kind, Long> grown = live(file, "grow", records);
      indexBytes.add(
          1.0 * (value(grown, Kind.HEAP_BYTES) - emptyBytes) / value(grown, Kind.RECORDS));
      return List.of(
          Figure.count("restartRecords", found, "records", (double) records, higher),
          Figure.median("restartTime", millis, "ms", 1000.0, lower),
          Figure.median("restartReadRatio", ratios, "1", 1.05, lower),
          new Figure(
              "indexBytesPerEntry", Collections.max(indexBytes), "bytes", 24.0, lower, indexBytes));
    } finally {
      Files.delete(file);
    }
  }

  private static long value(Map<Kind, Long> round, Kind kind) throws IOException {
    Long value = round.get(kind);
    if (value == null) {
      throw new IOException("the process did not say its " + kind);
    }
    return value;
  }

  private Map<Kind, Long> live(Path file, String what, int held) throws IOException {
    Map<Kind, Long> measures = new EnumMap<>(Kind.class);
    try (CrashProcess child =
        CrashProcess.start(
            RestartChild.class,
            folder.resolve("restart.log"),
            List.of(),
            List.of(file.toString(), what, String.valueOf(held)))) {
      for (Note note = child.next(); note != null; note = child.next()) {
        switch (note.kind()) {
          case OPEN_NANOS, BYTES_READ, BYTES_NEEDED, RECORDS, HEAP_BYTES -> {
            measures.put(note.kind(), note.value());
          }
          case LOOKED -> child.kill();
          default -> throw new IOException("after a restart: " + note);
        }
      }
    }
    return measures;
  }
}
