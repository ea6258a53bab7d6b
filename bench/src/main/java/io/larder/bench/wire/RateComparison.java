package io.larder.bench.wire;

import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Measures two sides in turn, so that other load of the machine affects both. A figure is the
 * median of the rounds' ratios, not the ratio of medians.
 */
final class RateComparison {
  /** One side's work. */
  interface Side {
    /** Does the work once; returns its rate. */
    double rate() throws IOException, InterruptedException;
  }

  private RateComparison() {}

  /**
   * Runs both sides once to warm up and then {@code rounds} times, the first side changing from
   * round to round.
   *
   * @return three figures: the ratio of our rate to theirs, our rate, their rate
   */
  static List<Figure> run(
      String name, String unit, int rounds, @Nullable Double goal, Side ours, Side theirs)
      throws IOException, InterruptedException {
    ours.rate();
    theirs.rate();
    List<Double> ourRates = new ArrayList<>();
    List<Double> theirRates = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      double our;
      double their;
      if (round % 2 == 0) {
        our = ours.rate();
        their = theirs.rate();
      } else {
        their = theirs.rate();
        our = ours.rate();
      }
      ourRates.add(our);
      theirRates.add(their);
      ratios.add(our / their);
    }
    return List.of(
        Figure.median(name + "Ratio", ratios, "1", goal, Better.higher),
        Figure.median(name, ourRates, unit, null, Better.higher),
        Figure.median(name + "Rival", theirRates, unit, null, Better.higher));
  }
}
