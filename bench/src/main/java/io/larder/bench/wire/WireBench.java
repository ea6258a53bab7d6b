package io.larder.bench.wire;

import io.larder.bench.DroppedPuts;
import io.larder.bench.Figure;
import io.larder.bench.Progress;
import io.larder.bench.device.Fio;
import io.larder.bench.device.HugePages;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Measures the wire: one node beside Redis, a bare server, and other Java clients. */
public final class WireBench {
  private static final int MIB = 1 << 20;
  private static final List<Integer> LARGE_MIB = List.of(1, 4, 32);
  private static final Duration FIO_TIME = Duration.ofSeconds(1);
  private static final long NODE_MEMORY_BYTES = 3L << 30;
  private static final long REDIS_MEMORY_BYTES = 3L << 30;

  /** The separate parts. */
  public enum Part {
    /** GET, SET and EXISTS of 4 KiB against Redis. */
    small,
    /** GET and SET from 1 MiB on against Redis. */
    large,
    /** GET and SET of 4 MiB against the bare server. */
    bare,
    /** Small GETs while large values stream, against the bare server. */
    tail,
    /** The Java client against Jedis and Lettuce. */
    java,
    /** GET of 4 MiB from the device against fio and the bare server. */
    cold,
    /** Prefix lookups on three nodes. */
    prefix
  }

  private final Class<?> launcher;
  private final Set<Part> parts;
  private final int rounds;
  private final boolean quick;
  private final @Nullable Path device;
  private final Progress progress;

  /**
   * Makes a benchmark, not yet started.
   *
   * @param launcher the main class of the clusters' processes
   * @param parts the parts to measure
   * @param rounds the rounds of each figure
   * @param quick little work in each, for a first impression and for tests
   * @param device a block device that may be erased, or null for a sparse file
   */
  public WireBench(
      Class<?> launcher,
      Set<Part> parts,
      int rounds,
      boolean quick,
      @Nullable Path device,
      Progress progress) {
    this.launcher = launcher;
    this.parts = EnumSet.copyOf(parts);
    this.rounds = rounds;
    this.quick = quick;
    this.device = device;
    this.progress = progress;
  }

  /**
   * Measures everything.
   *
   * @throws IOException if a part is missing or does not start, or a server answers wrongly
   */
  public List<Figure> run() throws IOException, InterruptedException {
    List<Figure> figures = new ArrayList<>();
    if (!EnumSet.of(Part.prefix, Part.cold).containsAll(parts)) {
      require("redis-server", "redis-server");
      require("redis-benchmark", "redis-tools");
      oneNode(figures);
    }
    if (parts.contains(Part.cold)) {
      progress.say("cold reads");
      figures.addAll(new ColdReads(launcher, rounds, quick, device, progress).run());
    }
    if (parts.contains(Part.prefix)) {
      progress.say("prefix lookups on three nodes");
      figures.addAll(PrefixLookup.run(launcher, progress::say));
    }
    return figures;
  }

  private void oneNode(List<Figure> figures) throws IOException, InterruptedException {
    LocalClusterOptions options =
        LocalClusterOptions.of(launcher)
            .nodes(1)
            .devices(device == null ? List.of() : List.of(device), true)
            .memoryBytes(NODE_MEMORY_BYTES)
            .build();
    try (LocalCluster cluster = LocalCluster.start(options, progress::say);
        Rival redis = Rival.redis(REDIS_MEMORY_BYTES, false)) {
      LocalNode node = cluster.nodes().getFirst();
      Target larder = new Target("larder", node.host(), node.port(), cluster.pid(node));
      if (parts.contains(Part.small)) {
        small(larder, redis.target(), figures);
      }
      large(cluster.root(), larder, redis.target(), figures);
      if (parts.contains(Part.java)) {
        java(larder, figures);
      }
      DroppedPuts.requireNone(cluster);
    }
  }

  private void small(Target larder, Target redis, List<Figure> figures)
      throws IOException, InterruptedException {
    progress.say("small values by redis-benchmark");
    SmallValues small = new SmallValues(larder, redis, rounds);
    int requests = quick ? 20_000 : 200_000;
    small.load();
    figures.addAll(small.get(1, requests));
    figures.addAll(small.get(16, 4 * requests));
    figures.addAll(small.exists(16, 8 * requests));
    try (Rival appending = Rival.redis(REDIS_MEMORY_BYTES, true)) {
      figures.addAll(small.set(appending.target(), requests / 2));
    }
  }

  private void large(Path folder, Target larder, Target redis, List<Figure> figures)
      throws IOException, InterruptedException {
    LargeValues large = new LargeValues(larder, rounds, quick ? 256L << 20 : 2L << 30);
    if (parts.contains(Part.large) || parts.contains(Part.bare)) {
      progress.say("large values");
      large.fillDevice(quick ? 256L << 20 : LocalClusterOptions.DEFAULT_DEVICE_BYTES);
    }
    if (parts.contains(Part.large) && device == null && Fio.isInstalled()) {
      try (HugePages pages = HugePages.reserve(progress)) {
        if (pages.areReserved()) {
          figures.add(deviceWrite(pages, folder));
        }
      }
    }
    if (parts.contains(Part.large)) {
      large.fillMemory(redis, quick ? 256L << 20 : REDIS_MEMORY_BYTES);
      for (int mib : LARGE_MIB) {
        figures.addAll(large.get("get" + mib + "MiB", mib * MIB, 8, redis, 1.4));
        figures.addAll(large.set("set" + mib + "MiB", mib * MIB, 8, redis, 1.0));
      }
    }
    if (!parts.contains(Part.bare) && !parts.contains(Part.tail)) {
      return;
    }
    Optional<Rival> compiled = Rival.bare();
    if (compiled.isEmpty()) {
      progress.say("no C compiler here: the figures against the bare server are left out");
      return;
    }
    try (Rival rival = compiled.get()) {
      Target bare = rival.target();
      if (parts.contains(Part.bare)) {
        progress.say("against a bare server in C");
        figures.addAll(large.get("get4MiBToBare", 4 * MIB, 4, bare, 0.75));
        figures.addAll(large.set("set4MiBToBare", 4 * MIB, 4, bare, 0.85));
      }
      if (parts.contains(Part.tail)) {
        progress.say("small reads while large ones stream");
        figures.addAll(new TailLatency(larder, bare, rounds, quick ? 500 : 3_000).run());
      }
    }
  }

  /** The write rate of the disk under the node's file, a bound on every SET. */
  private Figure deviceWrite(HugePages pages, Path folder)
      throws IOException, InterruptedException {
    long bytes = quick ? 256L << 20 : 2L << 30;
    Path scratch = Files.createTempFile(folder, "fio", "");
    try {
      Fio fio = new Fio(pages, scratch, bytes);
      List<Double> rates = new ArrayList<>();
      fio.bytesPerSecond(false, 0, MIB, 8, FIO_TIME); // a file's first touch is slow
      for (int round = 0; round < rounds; round++) {
        rates.add(fio.bytesPerSecond(false, 0, MIB, 8, FIO_TIME) / 1e9);
      }
      return Figure.median("deviceWriteByFio", rates, "GB/s", null, Figure.Better.higher);
    } finally {
      Files.delete(scratch);
    }
  }

  private void java(Target larder, List<Figure> figures) throws IOException, InterruptedException {
    if (JavaClients.arePresent()) {
      progress.say("Java clients");
      figures.addAll(new JavaClients(larder, rounds, quick ? 0 : 3).run());
    } else {
      progress.say(
          "Jedis and Lettuce are not in this distribution: the Java client has no rival here");
    }
  }

  private static void require(String program, String debianPackage) throws IOException {
    if (Rival.findOnPath(program).isEmpty()) {
      throw new IOException(
          "%s is not here: install it (Debian: apt-get install %s)"
              .formatted(program, debianPackage));
    }
  }
}
