package io.larder.node.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One number of a benchmark's report.
 *
 * @param name in camel case
 * @param value of all rounds together, or their median
 * @param unit as {@code ms}, {@code bytes/s}, {@code blocks}; {@code 1} for ratios
 * @param goal what it should reach, or null if it only informs
 * @param better which way is better
 * @param rounds the single rounds' values
 */
public record Figure(
    String name,
    double value,
    String unit,
    @Nullable Double goal,
    Better better,
    List<Double> rounds) {

  /** The direction of improvement, as JSON names it. */
  public enum Better {
    higher,
    lower
  }

  public Figure {
    rounds = List.copyOf(rounds);
  }

  /** A figure of one round. */
  static Figure of(String name, double value, String unit, @Nullable Double goal, Better better) {
    return new Figure(name, value, unit, goal, better, List.of(value));
  }

  /** A count of one round. */
  static Figure count(String name, long value, String unit, @Nullable Double goal, Better better) {
    return of(name, (double) value, unit, goal, better);
  }
}
