package io.larder.bench;

import io.larder.bench.verdict.Verdict;
import java.util.List;

/**
 * The report of a run.
 *
 * @param figures the numbers, which inform; those of the promises have the goal 0
 * @param verdict the verdict on the promises
 */
public record RunReport(List<Figure> figures, Verdict verdict) {
  public RunReport {
    figures = List.copyOf(figures);
  }

  /** The figure of that name. */
  public double value(String name) {
    return figures.stream()
        .filter(figure -> figure.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no figure " + name))
        .value();
  }

  /** The figure of that name as a count. */
  public long count(String name) {
    return (long) value(name);
  }
}
