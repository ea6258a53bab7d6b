package io.larder.bench.device;

import io.larder.bench.Trace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * The options of {@code larder bench device}.
 *
 * @param device a block device or a file; its content is destroyed
 * @param force whether existing content may be destroyed
 * @param maxBytes the most bytes of it to use
 * @param valueBytes the sizes of values
 * @param depths the numbers of operations at a time
 * @param rounds the number of rounds
 * @param time the duration of one measurement
 * @param trace the references of the cache runs
 * @param parts the parts to measure
 */
public record DeviceBenchOptions(
    Path device,
    boolean force,
    long maxBytes,
    List<Integer> valueBytes,
    List<Integer> depths,
    int rounds,
    Duration time,
    Trace trace,
    Set<Part> parts) {

  /** The separate parts. */
  public enum Part {
    /** Puts and gets of every size and depth against fio. */
    rates,
    /** The engines without a store. */
    engines,
    /** The store as a cache under Zipf's law. */
    zipf,
    /** The store as a cache under a trace. */
    trace
  }

  public static final List<Integer> ALL_SIZES =
      List.of(4 << 10, 64 << 10, 1 << 20, 4 << 20, 32 << 20);
  public static final List<Integer> ALL_DEPTHS = List.of(1, 8, 32);

  public DeviceBenchOptions {
    valueBytes = List.copyOf(valueBytes);
    depths = List.copyOf(depths);
    parts = Set.copyOf(parts);
    if (rounds < 1 || time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("at least one round of some time");
    }
  }
}
