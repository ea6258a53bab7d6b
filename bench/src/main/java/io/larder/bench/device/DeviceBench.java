package io.larder.bench.device;

import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.Progress;
import io.larder.bench.device.DeviceBenchOptions.Part;
import io.larder.node.block.MemoryPool;
import io.larder.node.device.Device;
import io.larder.node.device.DirectDevice;
import io.larder.node.device.Engine;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreException;
import io.larder.node.store.log.DeviceFormat;
import io.larder.node.store.log.LogStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures the store on a device against the device's own limit.
 *
 * <p>One half of the device is the store's, the other is fio's, and after half of the rounds they
 * change places: one half of a disk may be faster than the other. In every round each measurement
 * of the store follows that of fio with the same size and depth; the ratios are taken round by
 * round, and the report has their medians, so that a machine of varying speed does little harm.
 * Without fio, or huge pages for it, the engine without a store replaces it.
 */
public final class DeviceBench {
  private static final int MIB = 1 << 20;
  private static final int MAX_FIO_DEPTH = 32;
  private static final long MIN_BYTES = 128L * MIB;

  /** Small, so that the free segments hardly count, as on a device with thousands. */
  private static final int SMALL_SEGMENT_BYTES = 4 * MIB;

  /**
   * Warm-up until the code is compiled: before, a small value costs ten times the processor time.
   */
  private static final int SMALL_WARM_UP_ROUNDS = 4;

  private static final int LARGE_WARM_UP_ROUNDS = 1;

  private static final int TRACE_VALUE_BYTES = 16 << 10;

  private final DeviceBenchOptions options;
  private final Progress progress;
  private final List<Engine> engines;
  private final MemoryPool pool;
  private final long half;
  private final @Nullable Fio fio;

  /** The start of the store's half. */
  private long storeStart;

  private final Map<String, List<Double>> rounds = new LinkedHashMap<>();
  private final Map<String, Goal> goals = new LinkedHashMap<>();

  private record Goal(String unit, @Nullable Double value, Better better) {}

  private DeviceBench(
      DeviceBenchOptions options,
      Progress progress,
      MemoryPool pool,
      long half,
      @Nullable Fio fio) {
    this.options = options;
    this.progress = progress;
    this.pool = pool;
    this.half = half;
    this.fio = fio;
    this.engines =
        Engine.IO_URING.isAvailable()
            ? List.of(Engine.IO_URING, Engine.THREADS)
            : List.of(Engine.THREADS);
  }

  /**
   * Runs everything.
   *
   * @throws StoreException if the device cannot be used or holds anything and force was not given
   * @throws IOException if a measurement failed
   */
  public static List<Figure> run(DeviceBenchOptions options, Progress progress)
      throws IOException, InterruptedException {
    check(options);
    long size;
    try (Device device = DirectDevice.open(options.device())) {
      size = Math.min(device.sizeBytes(), options.maxBytes());
    }
    if (size < MIN_BYTES) {
      throw new StoreException(
          options.device() + ": " + size + " bytes are too few to measure; give 128 MiB or more");
    }
    long half = size / 2 / MIB * MIB;
    int deepest = options.depths().stream().mapToInt(depth -> depth).max().orElseThrow();
    int largest = options.valueBytes().stream().mapToInt(bytes -> bytes).max().orElseThrow();
    try (HugePages pages = HugePages.reserve(progress);
        MemoryPool pool =
            new MemoryPool(2L * deepest * largest + 64L * MIB, (long) deepest * largest)) {
      Fio fio = null;
      if (pages.areReserved() && Fio.isInstalled()) {
        fio = new Fio(pages, options.device(), half);
      } else {
        progress.say("without fio the engine alone stands for the device's limit");
      }
      DeviceBench bench = new DeviceBench(options, progress, pool, half, fio);
      bench.fill(2 * half);
      if (options.parts().contains(Part.rates)) {
        for (int bytes : options.valueBytes()) {
          bench.rates(bytes);
        }
      }
      if (options.parts().contains(Part.engines)) {
        bench.enginesAlone();
      }
      if (options.parts().contains(Part.zipf)) {
        bench.zipf();
      }
      if (options.parts().contains(Part.trace)) {
        bench.trace();
      }
      return bench.figures();
    }
  }

  private static void check(DeviceBenchOptions options) throws IOException {
    Path device = options.device();
    String content = DeviceFormat.inspect(device).content();
    if (!content.equals("empty") && !options.force()) {
      throw new StoreException(
          device
              + (content.equals("larder") ? ": is a Larder device" : ": holds something else")
              + "; nothing was changed. The benchmark destroys what is on it: use --force if it may");
    }
    Path dio = Path.of("/sys/block", device.toRealPath().getFileName().toString(), "loop/dio");
    if (Files.exists(dio) && !Files.readString(dio).strip().equals("1")) {
      throw new StoreException(
          device
              + ": is a loop device without direct I/O, which measures the page cache; attach it with"
              + " losetup --direct-io=on");
    }
  }

  private void fill(long bytes) throws IOException, InterruptedException {
    try (Progress.Task task = progress.task("filling the device", bytes);
        Device device = new DeviceWindow(open(Engine.AUTO), 0, bytes)) {
      EngineLoad.fill(device, pool, task::step);
    }
  }

  private Device open(Engine engine) throws IOException {
    return engine.open(options.device(), DirectDevice.DEFAULT_THREADS);
  }

  private LogStore store(DeviceWindow window, Evictions evictions) {
    return LogStore.open(
        window,
        pool,
        StoreConfig.Durability.WRITTEN,
        StoreConfig.DEFAULT_IO_DEADLINE_MS,
        evictions);
  }

  private void format(long bytes, int valueBytes) throws IOException {
    try (Device device = new DeviceWindow(open(Engine.THREADS), storeStart, bytes)) {
      DeviceFormat.format(
          device, new FormatOptions(options.device(), 0, "bench", "bench", valueBytes, true));
    }
  }

  /** Puts and gets of one size at every depth, half of the rounds in either half of the device. */
  private void rates(int bytes) throws IOException, InterruptedException {
    int steps = options.rounds() * options.depths().size();
    try (Progress.Task task = progress.task("values of " + name(bytes), steps)) {
      int first = (options.rounds() + 1) / 2;
      rates(bytes, first, task);
      if (first < options.rounds()) {
        storeStart = half;
        rates(bytes, options.rounds() - first, task);
        storeStart = 0;
      }
    }
  }

  /** Runs the rounds, after filling the store and warming the code. */
  private void rates(int bytes, int count, Progress.Task task)
      throws IOException, InterruptedException {
    format(half, 16L * bytes > half / 2 ? bytes : 0); // segments that hold several
    long records = half / 10 * 4 / (bytes + 4096);
    Evictions evictions = new Evictions();
    long next = 0;
    for (Engine engine : engines) {
      next = measure(engine, evictions, bytes, 8, next, 2 * records / engines.size(), null);
    }
    int deepest = options.depths().stream().mapToInt(depth -> depth).max().orElseThrow();
    int warmUpRounds = bytes < MIB ? SMALL_WARM_UP_ROUNDS : LARGE_WARM_UP_ROUNDS;
    for (int round = 0; round < warmUpRounds; round++) {
      for (Engine engine : engines) {
        next = measure(engine, evictions, bytes, deepest, next, Long.MAX_VALUE, null);
      }
    }
    for (int round = 0; round < count; round++) {
      for (int depth : options.depths()) {
        int fioBytes = Math.min(bytes, MIB);
        int fioDepth = Math.min(MAX_FIO_DEPTH, depth * (bytes / fioBytes));
        double[] limit = {limit(false, fioBytes, fioDepth), limit(true, fioBytes, fioDepth)};
        if (bytes == Device.BLOCK_BYTES) { // with its header it lies in two blocks
          limit(true, 2 * bytes, fioDepth);
        }
        for (Engine engine : engines) {
          next = measure(engine, evictions, bytes, depth, next, Long.MAX_VALUE, limit);
        }
        task.step(1);
      }
    }
  }

  private double limit(boolean reads, int bytes, int depth)
      throws IOException, InterruptedException {
    double rate;
    if (fio != null) {
      rate = fio.bytesPerSecond(reads, half - storeStart, bytes, depth, options.time());
    } else {
      try (Device device = new DeviceWindow(open(Engine.AUTO), half - storeStart, half)) {
        rate = EngineLoad.run(device, pool, reads, bytes, depth, options.time()).bytesPerSecond();
      }
    }
    String rival = fio == null ? "engine" : "fio";
    note(rival + (reads ? "Read" : "Write") + name(bytes) + "Depth" + depth, rate, "bytes/s");
    return rate;
  }

  /** Puts, then gets; returns the number of the next key. */
  private long measure(
      Engine engine,
      Evictions evictions,
      int bytes,
      int depth,
      long next,
      long maxPuts,
      double @Nullable [] limit)
      throws IOException, InterruptedException {
    long records = half / 10 * 4 / (bytes + 4096);
    Duration time = maxPuts == Long.MAX_VALUE ? options.time() : Duration.ofMinutes(2);
    try (DeviceWindow window = new DeviceWindow(open(engine), storeStart, half);
        LogStore store = store(window, evictions);
        StoreLoad load = new StoreLoad(store, evictions, pool, bytes, depth, next)) {
      Measurement put = load.put(depth, time, maxPuts);
      Measurement get =
          load.get(depth, options.time(), Math.min(records, load.nextPut()), load.nextPut());
      if (limit != null) {
        String cell = name(bytes) + "Depth" + depth + name(engine);
        note("put" + cell, put.bytesPerSecond(), "bytes/s");
        note("get" + cell, get.bytesPerSecond(), "bytes/s");
        String by = fio == null ? "ByEngine" : "ByFio";
        ratio("put" + cell + by, put.bytesPerSecond() / limit[0], putGoal(bytes, depth));
        ratio("get" + cell + by, get.bytesPerSecond() / limit[1], getGoal(engine, bytes, depth));
        note("put" + cell + "Cpu", put.cpuSecondsPerGib(), "s/GiB");
        note("get" + cell + "Cpu", get.cpuSecondsPerGib(), "s/GiB");
        if (depth == 8 && bytes >= MIB) {
          // A few objects an operation, the engine's of a submission, and a share of a segment's.
          double few = 3072 + 160.0 * bytes / MIB;
          allocated("put" + cell + "Allocated", put.allocatedPerOperation(), few);
          allocated("get" + cell + "Allocated", get.allocatedPerOperation(), few);
        }
      }
      return load.nextPut();
    }
  }

  private static @Nullable Double putGoal(int bytes, int depth) {
    if (bytes >= MIB && depth >= 8) {
      return 0.95;
    }
    return bytes == 4096 && depth == 32 ? 1.5 : null;
  }

  private static @Nullable Double getGoal(Engine engine, int bytes, int depth) {
    if (bytes >= MIB && depth >= 8) {
      return 0.95;
    }
    if (bytes == 4096 && depth == 32) {
      return engine == Engine.THREADS ? 0.6 : 0.85;
    }
    return null;
  }

  private void enginesAlone() throws IOException, InterruptedException {
    for (int round = 0; round < options.rounds(); round++) {
      for (Engine engine : engines) {
        try (Device device = new DeviceWindow(open(engine), half, half)) {
          double goal = engine == Engine.THREADS ? 0.11 : 0.03;
          for (boolean reads : new boolean[] {false, true}) {
            Measurement measurement = EngineLoad.run(device, pool, reads, MIB, 8, options.time());
            String name = "engine" + (reads ? "Read" : "Write") + "1MiB" + name(engine);
            note(name, measurement.bytesPerSecond(), "bytes/s");
            goals.put(name + "Cpu", new Goal("s/GiB", goal, Better.lower));
            add(name + "Cpu", measurement.cpuSecondsPerGib());
          }
        }
      }
    }
  }

  private void zipf() throws IOException, InterruptedException {
    int bytes = 256 << 10;
    progress.say("as a cache under Zipf 0.9");
    long size = Math.min(half, 2L << 30);
    format(size, SMALL_SEGMENT_BYTES / 2);
    try (Cache cache = new Cache(size)) {
      long blocks = cache.store.identity().capacityBytes() / (bytes + 4096) * 9 / 10;
      CacheLoad.Outcome zipf =
          new CacheLoad(cache.store, cache.window, pool, bytes, blocks)
              .zipf((int) (4 * blocks), 4 * blocks, 8 * blocks);
      goal("zipfWriteAmplification", zipf.writeAmplification(), 1.25, Better.lower);
      goal("zipfHitRatio", zipf.hitRatio(), zipf.lruHitRatio(), Better.higher);
      note("zipfHitRatioLru", zipf.lruHitRatio(), "1");
      note("zipfLruBlocks", (double) blocks, "blocks");
      note("zipfBlocksHeld", zipf.blocksHeld(), "blocks");
    }
  }

  private void trace() throws IOException, InterruptedException {
    List<List<Long>> requests =
        options.trace().requests().stream().map(request -> request.blockIds()).toList();
    Map<Integer, Double> wanted = Map.of(10_000, 0.25, 30_000, 0.34);
    boolean whole = options.trace().requests().size() > 10_000;
    for (int blocks : wanted.keySet().stream().sorted().toList()) {
      long size = traceDeviceBytes(blocks);
      if (size > half) {
        progress.say("the device is too small for a trace with " + blocks + " blocks");
        continue;
      }
      progress.say("as a cache of " + blocks + " blocks under " + options.trace().name());
      format(size, SMALL_SEGMENT_BYTES / 2);
      try (Cache cache = new Cache(size)) {
        CacheLoad.Outcome trace =
            new CacheLoad(cache.store, cache.window, pool, TRACE_VALUE_BYTES, blocks)
                .trace(requests);
        String name = "trace" + blocks + "Blocks";
        goal(name + "HitRatio", trace.hitRatio(), whole ? wanted.get(blocks) : null, Better.higher);
        note(name + "HitRatioLru", trace.lruHitRatio(), "1");
        note(name + "WriteAmplification", trace.writeAmplification(), "1");
        note(name + "Held", trace.blocksHeld(), "blocks");
      }
    }
  }

  /** A device that holds so many blocks beside the segments that are kept free or stand open. */
  private static long traceDeviceBytes(int blocks) {
    int record = TRACE_VALUE_BYTES + 256; // header and its share of its group's
    long full = blocks / (SMALL_SEGMENT_BYTES / record) + 1L;
    return (full + full / 16 + 4) * SMALL_SEGMENT_BYTES + 2L * MIB; // and both ends
  }

  /** A store used as a cache. */
  private final class Cache implements AutoCloseable {
    final DeviceWindow window;
    final LogStore store;

    Cache(long size) throws IOException {
      window = new DeviceWindow(open(Engine.AUTO), 0, size);
      store = store(window, new Evictions());
    }

    @Override
    public void close() {
      store.close();
    }
  }

  private void note(String name, double value, String unit) {
    goals.put(name, new Goal(unit, null, unit.equals("s/GiB") ? Better.lower : Better.higher));
    add(name, value);
  }

  private void ratio(String name, double value, @Nullable Double goal) {
    goals.put(name, new Goal("1", goal, Better.higher));
    add(name, value);
  }

  private void goal(String name, double value, @Nullable Double goal, Better better) {
    goals.put(name, new Goal("1", goal, better));
    add(name, value);
  }

  private void allocated(String name, double value, double goal) {
    goals.put(name, new Goal("bytes", goal, Better.lower));
    add(name, value);
  }

  private void add(String name, double value) {
    rounds.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
  }

  private List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    rounds.forEach((name, values) -> {
      Goal goal = goals.get(name);
      if (goal != null) {
        figures.add(Figure.median(name, values, goal.unit(), goal.value(), goal.better()));
      }
    });
    return figures;
  }

  private static String name(Engine engine) {
    return engine == Engine.THREADS ? "Threads" : "IoUring";
  }

  private static String name(int bytes) {
    return bytes >= MIB
        ? String.format(Locale.ROOT, "%dMiB", bytes / MIB)
        : String.format(Locale.ROOT, "%dKiB", bytes >> 10);
  }
}
