package io.larder.bench.crash;

import static io.larder.bench.Figure.Better.higher;
import static io.larder.bench.Figure.Better.lower;

import io.larder.bench.Figure;
import io.larder.bench.Progress;
import io.larder.bench.crash.Note.Kind;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreConfig.Durability;
import io.larder.node.store.log.DeviceFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Kills a working store over and over on one small device, at moments drawn from a seed: mostly
 * under load, sometimes while it still recovers from the kill before.
 */
final class KillRun {
  private static final long DEVICE_BYTES = 128L << 20;
  private static final int KEYS = 2048;
  private static final int EARLY_PERCENT = 20;
  private static final long EARLY_MS_MAX = 400;
  private static final long LOAD_MS_MIN = 20;
  private static final long LOAD_MS_MAX = 900;

  /** The most extra kills until the device has been full and read. */
  private static final int MORE_KILLS = 200;

  private final Durability durability;
  private final int kills;
  private final SplittableRandom random;
  private final Path folder;
  private final List<Double> readRatios = new ArrayList<>();
  private long bytesRead;
  private long bytesNeeded;
  private int lives;
  private int killed;

  KillRun(Durability durability, int kills, long seed, Path folder) {
    this.durability = durability;
    this.kills = kills;
    this.random = new SplittableRandom(seed);
    this.folder = folder;
  }

  /** Runs it; the report's figures begin with the level's name. */
  List<Figure> run(Progress progress) throws IOException {
    String level = durability.name().toLowerCase(Locale.ROOT);
    CrashLedger ledger;
    try (ScratchDevice device =
            ScratchDevice.create(folder.resolve("device-" + level), DEVICE_BYTES);
        Progress.Task task = progress.task("kills, durability " + level, kills)) {
      DeviceIdentity identity =
          DeviceFormat.format(
              new FormatOptions(device.path(), 0, "crash", "node", Content.MAX_BYTES, false));
      ledger = new CrashLedger(KEYS, identity.capacityBytes());
      for (int i = 0; i < kills || (i < kills + MORE_KILLS && !isWhole(ledger)); i++) {
        boolean early = random.nextInt(100) < EARLY_PERCENT;
        live(
            device.path(),
            ledger,
            early ? Kind.OPENING : Kind.LOOKED,
            early ? random.nextLong(EARLY_MS_MAX) : random.nextLong(LOAD_MS_MIN, LOAD_MS_MAX));
        killed++;
        if (i < kills) {
          task.step(1);
        }
      }
      live(device.path(), ledger, Kind.LOOKED, 0); // the state after the last kill
    }
    ledger.told().forEach(progress::say);
    return figures(level, ledger);
  }

  /** Whether every kind of record was at risk; on a busy machine that takes longer. */
  private static boolean isWhole(CrashLedger ledger) {
    return ledger.puts() > 0
        && ledger.recovered() > 0
        && ledger.evictions() > 0
        && ledger.deletes() > 0
        && ledger.reads() > 0;
  }

  /** Runs one process and kills it so long after the note of that kind. */
  private void live(Path device, CrashLedger ledger, Kind from, long delayMs) throws IOException {
    ledger.restarted();
    long read = 0;
    List<String> arguments =
        List.of(
            device.toString(),
            durability.name(),
            String.valueOf(KEYS),
            String.valueOf(++lives),
            String.valueOf(random.nextLong()));
    Path errors = folder.resolve("life.log");
    try (CrashProcess child = CrashProcess.start(CrashChild.class, errors, List.of(), arguments)) {
      for (Note note = child.next(); note != null; note = child.next()) {
        ledger.apply(note);
        if (note.kind() == Kind.BYTES_READ) {
          read = note.value();
        } else if (note.kind() == Kind.BYTES_NEEDED && killed > 0) {
          bytesRead += read;
          bytesNeeded += note.value();
          readRatios.add((double) read / note.value());
        }
        if (note.kind() == from) {
          Thread.ofVirtual()
              .start(() -> {
                LockSupport.parkNanos(delayMs * 1_000_000);
                child.kill();
              });
        }
      }
    }
  }

  private List<Figure> figures(String level, CrashLedger ledger) {
    double readRatio = (double) bytesRead / bytesNeeded; // of all restarts together
    return List.of(
        Figure.count(level + "Kills", killed, "kills", (double) kills, higher),
        Figure.count(level + "AcknowledgedPuts", ledger.puts(), "puts", 1.0, higher),
        Figure.count(level + "AcknowledgedPutsLost", ledger.lost(), "puts", 0.0, lower),
        Figure.count(level + "WrongBytes", ledger.wrong(), "reads", 0.0, lower),
        Figure.count(level + "DeletedKeysReturned", ledger.returned(), "keys", 0.0, lower),
        Figure.count(level + "DroppedWithRoomLeft", ledger.early(), "records", 0.0, lower),
        Figure.count(level + "FailedCalls", ledger.failed(), "calls", 0.0, lower),
        Figure.count(level + "RecordsRecovered", ledger.recovered(), "records", 1.0, higher),
        Figure.count(level + "Evictions", ledger.evictions(), "records", 1.0, higher),
        Figure.count(level + "Deletes", ledger.deletes(), "deletes", 1.0, higher),
        Figure.count(level + "ReadsVerified", ledger.reads(), "reads", 1.0, higher),
        new Figure(level + "RestartReadRatio", readRatio, "1", 1.05, lower, readRatios));
  }
}
