package io.larder.bench.device;

import io.larder.bench.Trace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What {@code larder bench device} measures.
 *
 * @param device a block device or a file; what is on it is destroyed
 * @param force whether it may hold anything
 * @param maxBytes how much of it is used at most
 * @param valueBytes the sizes of values
 * @param depths the numbers of operations at a time
 * @param rounds how often everything is measured
 * @param time of one measurement
 * @param trace the references of the cache runs
 * @param parts what is measured
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

  /** What can be measured by itself. */
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
