package io.larder.cli.bench;

import io.larder.bench.Trace;
import io.larder.bench.device.DeviceBench;
import io.larder.bench.device.DeviceBenchOptions;
import io.larder.bench.device.DeviceBenchOptions.Part;
import io.larder.cli.console.Bytes;
import io.larder.cli.console.ConsoleProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures the store against its device. */
@Command(
    name = "device",
    description = {
      "Measure puts and gets against what fio makes of the same device, in alternating rounds, with"
          + " both engines; then the store as a cache.",
      "DESTROYS what is on the device: one that holds anything takes --force.",
      "Ends with exit code 1 if a goal was missed."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the device
final class BenchDeviceCommand implements Callable<Integer> {
  private static final long DEFAULT_BYTES = 16L << 30;
  private static final long QUICK_BYTES = 256L << 20;

  @Option(
      names = "--device",
      paramLabel = "D",
      required = true,
      description = "A block device or a file.")
  private Path device;

  @Option(names = "--force", description = "Destroy what is on the device.")
  private boolean force;

  @Option(
      names = "--quick",
      description = "A few cells, once and briefly: shows that it works, not how fast it is.")
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "PART",
      split = ",",
      description = "Some parts: ${COMPLETION-CANDIDATES}. Default: all.")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @Option(
      names = "--bytes",
      paramLabel = "BYTES",
      converter = Bytes.class,
      description = "Use so much of the device. Default: at most 16GiB.")
  private long bytes = DEFAULT_BYTES;

  @Option(
      names = "--sizes",
      paramLabel = "BYTES",
      split = ",",
      converter = Bytes.class,
      description = "Sizes of values. Default: 4KiB,64KiB,1MiB,4MiB,32MiB.")
  private @Nullable List<Long> sizes;

  @Option(
      names = "--depths",
      paramLabel = "N",
      split = ",",
      description = "Operations at a time. Default: 1,8,32.")
  private List<Integer> depths = DeviceBenchOptions.ALL_DEPTHS;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often everything is measured. Default: ${DEFAULT-VALUE}.")
  private int rounds = 4;

  @Option(
      names = "--millis",
      paramLabel = "MS",
      description = "How long one measurement takes. Default: ${DEFAULT-VALUE}.")
  private int millis = 500;

  @Option(
      names = "--trace",
      paramLabel = "F",
      description =
          "The references of the cache runs, in the format of the Mooncake traces. Default: the"
              + " slice that comes with Larder, which has no goals.")
  private @Nullable Path trace;

  @Mixin private ReportOptions report;

  @Override
  public Integer call() throws Exception {
    Trace references =
        trace == null ? Trace.conversationSlice() : Trace.read(trace, Integer.MAX_VALUE);
    List<Integer> valueBytes =
        sizes == null
            ? DeviceBenchOptions.ALL_SIZES
            : sizes.stream().map(Math::toIntExact).toList();
    DeviceBenchOptions options =
        quick
            ? new DeviceBenchOptions(
                device,
                force,
                Math.min(bytes, QUICK_BYTES),
                List.of(4 << 10, 1 << 20),
                List.of(8),
                1,
                Duration.ofMillis(100),
                references.first(200),
                parts)
            : new DeviceBenchOptions(
                device,
                force,
                bytes,
                valueBytes,
                depths,
                rounds,
                Duration.ofMillis(millis),
                references,
                parts);
    return report.report(DeviceBench.run(options, ConsoleProgress.onStandardError()));
  }
}
