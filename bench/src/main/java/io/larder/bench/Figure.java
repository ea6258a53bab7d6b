package io.larder.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One number of a benchmark's report.
 *
 * @param name in camel case
 * @param value the value of all rounds together, or their median
 * @param unit as {@code ms}, {@code bytes/s}, {@code blocks}; {@code 1} for ratios
 * @param goal the goal, or null if it only informs
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

  /** The median of several rounds; the mean of the middle two if they are even. */
  public static Figure median(
      String name, List<Double> rounds, String unit, @Nullable Double goal, Better better) {
    List<Double> sorted = rounds.stream().sorted().toList();
    int middle = sorted.size() / 2;
    double median =
        sorted.size() % 2 == 1
            ? sorted.get(middle)
            : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    return new Figure(name, median, unit, goal, better, rounds);
  }

  /** Whether the goal is reached, or there is none. A missing measurement misses its goal. */
  public boolean meetsGoal() {
    return goal == null || (better == Better.higher ? value >= goal : value <= goal);
  }

  /** A figure of one round. */
  public static Figure of(
      String name, double value, String unit, @Nullable Double goal, Better better) {
    return new Figure(name, value, unit, goal, better, List.of(value));
  }

  /** A count of one round. */
  public static Figure count(
      String name, long value, String unit, @Nullable Double goal, Better better) {
    return of(name, (double) value, unit, goal, better);
  }
}
