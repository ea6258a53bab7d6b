package io.larder.bench;

import static io.larder.bench.Figure.Better.lower;

import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Verdict;
import java.util.ArrayList;
import java.util.List;

/** A verdict as figures of a report. */
public final class Verdicts {
  private Verdicts() {}

  /** The figures of broken promises have the goal 0; the others inform. */
  public static List<Figure> figures(Verdict verdict) {
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.count("lateCalls", verdict.late(), "calls", null, lower));
    figures.add(Figure.count("lateCallMax", verdict.lateMaxMs(), "ms", null, lower));
    figures.add(Figure.count("unknownBlocks", verdict.unknown(), "blocks", null, lower));
    figures.add(Figure.count("blocksGone", verdict.reportedGone(), "blocks", null, lower));
    for (BrokenPromise promise : BrokenPromise.values()) {
      figures.add(Figure.count(promise.figure(), verdict.count(promise), "times", 0.0, lower));
    }
    return figures;
  }
}
