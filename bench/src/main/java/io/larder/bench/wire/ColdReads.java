package io.larder.bench.wire;

import io.larder.bench.DroppedPuts;
import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.Progress;
import io.larder.bench.device.Fio;
import io.larder.bench.device.HugePages;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * GETs of 4 MiB that lie on the device only, through a whole node, beside their two bounds: fio's
 * random reads of the same device, and a bare server's GETs of the same size. The node's memory is
 * a twentieth of its values, so nearly every read is the device's.
 */
final class ColdReads {
  private static final int VALUE_BYTES = 4 << 20;
  private static final int CONNECTIONS = 8;
  private static final long NODE_MEMORY_BYTES = 256L << 20;
  private static final int FIO_BYTES = 1 << 20;
  private static final int FIO_DEPTH = 32;
  private static final Duration FIO_TIME = Duration.ofSeconds(1);

  private final Class<?> launcher;
  private final int rounds;
  private final boolean quick;
  private final @Nullable Path device;
  private final Progress progress;

  ColdReads(
      Class<?> launcher, int rounds, boolean quick, @Nullable Path device, Progress progress) {
    this.launcher = launcher;
    this.rounds = rounds;
    this.quick = quick;
    this.device = device;
    this.progress = progress;
  }

  /** Without fio, or huge pages for it, there is no ratio. */
  List<Figure> run() throws IOException, InterruptedException {
    Optional<Rival> compiled = Fio.isInstalled() ? Rival.bare() : Optional.empty();
    if (compiled.isEmpty()) {
      progress.say("no fio or no C compiler here: the figures of cold reads are left out");
      return List.of();
    }
    long deviceBytes = quick ? 2L << 30 : LocalClusterOptions.DEFAULT_DEVICE_BYTES;
    LocalClusterOptions options =
        LocalClusterOptions.of(launcher)
            .nodes(1)
            .devices(device == null ? List.of() : List.of(device), true)
            .deviceBytes(deviceBytes)
            .memoryBytes(NODE_MEMORY_BYTES)
            .build();
    try (HugePages pages = HugePages.reserve(progress);
        Rival bare = compiled.get();
        LocalCluster cluster = LocalCluster.start(options, progress::say)) {
      LocalNode node = cluster.nodes().getFirst();
      Target larder = new Target("larder", node.host(), node.port(), cluster.pid(node));
      int keys = (int) (deviceBytes / 2 / VALUE_BYTES);
      load(larder, keys);
      DroppedPuts.requireNone(cluster);
      Fio fio = pages.areReserved() ? new Fio(pages, node.device(), deviceBytes / 4) : null;
      // The latest writes are in the device's first part, segment by segment.
      return measure(larder, bare.target(), fio, deviceBytes / 16, keys);
    }
  }

  private static void load(Target target, int keys) throws IOException {
    ByteBuffer value = ByteBuffer.allocateDirect(VALUE_BYTES);
    while (value.hasRemaining()) {
      value.putLong(ThreadLocalRandom.current().nextLong());
    }
    value.flip();
    try (LeanClient client = target.connect()) {
      for (int i = 0; i < keys; i++) {
        client.set(LargeValues.key(VALUE_BYTES, i), value.putLong(0, i));
      }
    }
  }

  private List<Figure> measure(
      Target larder, Target bare, @Nullable Fio fio, long fioStart, int keys)
      throws IOException, InterruptedException {
    List<Double> rates = new ArrayList<>();
    List<Double> fioRates = new ArrayList<>();
    List<Double> bareRates = new ArrayList<>();
    List<Double> cpu = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    gets(larder, keys); // for warmth
    for (int round = 0; round < rounds; round++) {
      double before = larder.cpuSeconds();
      double rate = gets(larder, keys);
      cpu.add((larder.cpuSeconds() - before) / ((double) keys * VALUE_BYTES / (1L << 30)));
      double socket = gets(bare, keys);
      rates.add(rate);
      bareRates.add(socket);
      if (fio != null) {
        double device = fio.bytesPerSecond(true, fioStart, FIO_BYTES, FIO_DEPTH, FIO_TIME) / 1e9;
        fioRates.add(device);
        ratios.add(rate / Math.min(device, socket));
      }
    }
    String name = "coldGet4MiB";
    List<Figure> figures = new ArrayList<>();
    if (fio != null) {
      figures.add(Figure.median(name + "Ratio", ratios, "1", 0.75, Better.higher));
      figures.add(Figure.median(name + "Fio", fioRates, "GB/s", null, Better.higher));
    }
    figures.add(Figure.median(name, rates, "GB/s", null, Better.higher));
    figures.add(Figure.median(name + "Bare", bareRates, "GB/s", null, Better.higher));
    figures.add(Figure.median(name + "ServerCpu", cpu, "s/GiB", null, Better.lower));
    return figures;
  }

  private static double gets(Target target, int keys) throws IOException, InterruptedException {
    double seconds =
        Load.seconds(
            CONNECTIONS, keys, () -> new LargeValues.Gets(target.connect(), VALUE_BYTES, keys));
    return (double) keys * VALUE_BYTES / seconds / 1e9;
  }
}
