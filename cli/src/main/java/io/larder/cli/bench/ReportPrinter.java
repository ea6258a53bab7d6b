package io.larder.cli.bench;

import io.larder.bench.BenchReport;
import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.RunReport;
import io.larder.cli.console.Output;
import java.util.List;
import java.util.Locale;

/** Writes reports: a table for people, JSON for programs. */
final class ReportPrinter {

  private ReportPrinter() {}

  static String table(BenchReport report) {
    StringBuilder out = new StringBuilder();
    Output.row(out, "machine", report.machine());
    Output.row(out, "commit", report.commit());
    Output.row(out, "command", report.command());
    return out + figures(report.figures());
  }

  /** A line for each. */
  static String figures(List<Figure> figures) {
    StringBuilder out = new StringBuilder();
    for (Figure figure : figures) {
      out.append("  ").append(line(figure)).append(figure.meetsGoal() ? "" : "  MISSED");
      out.append(System.lineSeparator());
    }
    return out.toString();
  }

  /** A figure with its unit and goal. */
  static String line(Figure figure) {
    String unit = figure.unit().equals("1") ? "" : " " + figure.unit();
    Double goal = figure.goal();
    String wanted =
        goal == null
            ? ""
            : "  (goal %s %s)"
                .formatted(figure.better() == Better.higher ? ">=" : "<=", number(goal));
    return "%-40s%14s%s%s".formatted(figure.name(), number(figure.value()), unit, wanted);
  }

  private static String number(double value) {
    return Math.abs(value) >= 100 || value == Math.rint(value)
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, "%.3f", value);
  }

  /** Summarizes a replay in a few lines. */
  static String replay(RunReport report) {
    StringBuilder out = new StringBuilder();
    Output.row(
        out,
        "cluster",
        "%d nodes, %d servers, %s a block"
            .formatted(
                report.count("nodes"),
                report.count("servers"),
                Output.bytes(report.count("blockBytes"))));
    Output.row(
        out,
        "requests",
        "%,d in %.1f s (%.0f/s)"
            .formatted(
                report.count("requests"),
                report.value("seconds"),
                report.value("requestsPerSecond")));
    Output.row(out, "block lookups", "%,d".formatted(report.count("lookups")));
    Output.row(
        out,
        "hit ratio",
        "%.4f (ideal for this slice: %.4f)"
            .formatted(report.value("hitRatio"), report.value("idealHitRatio")));
    Output.row(
        out,
        "hits",
        "%,d: local hot tier %,d, local device %,d, peer %,d"
            .formatted(
                report.count("hits"),
                report.count("hitsHot"),
                report.count("hitsDevice"),
                report.count("hitsPeer")));
    Output.row(
        out,
        "puts stored",
        "%,d of %,d computed"
            .formatted(report.count("putsStored"), report.count("blocksComputed")));
    Output.row(
        out,
        "duplicates suppressed",
        "%,d, %s saved"
            .formatted(
                report.count("duplicatesSuppressed"), Output.bytes(report.count("bytesSaved"))));
    Output.row(
        out,
        "throughput",
        "read %s/s, written %s/s"
            .formatted(
                Output.bytes(report.count("readBytesPerSecond")),
                Output.bytes(report.count("writeBytesPerSecond"))));
    Output.row(out, "get", times(report, "getP50", "getP99"));
    Output.row(out, "put", times(report, "putP50", "putP99"));
    Output.row(
        out,
        "refused by busy nodes",
        "%,d puts, %,d other calls"
            .formatted(report.count("putsRefused"), report.count("callsRefused")));
    if (report.count("herdBlocks") > 0) {
      Output.row(
          out,
          "herd",
          "%,d new blocks wanted by all servers at once, computed %,d times"
              .formatted(report.count("herdBlocks"), report.count("herdComputations")));
    }
    if (report.count("recovery") >= 0) {
      Output.row(
          out,
          "recovery after kill -9",
          "%,d ms, %,d blocks recovered"
              .formatted(report.count("recovery"), report.count("recoveredBlocks")));
      Output.row(
          out,
          "while a node was away",
          "%,d puts stored; %,d puts and %,d other calls refused"
              .formatted(
                  report.count("putsStoredInOutage"),
                  report.count("putsRefusedInOutage"),
                  report.count("callsRefusedInOutage")));
    }
    Output.row(out, "failed calls", "%,d".formatted(report.count("failedCalls")));
    Output.row(
        out,
        "stored blocks",
        "%,d: lost %,d, gone by report %,d, unknown %,d"
            .formatted(
                report.count("storedBlocks"),
                report.count("blocksLost"),
                report.count("blocksGone"),
                report.count("unknownBlocks")));
    Output.row(
        out,
        "bytes verified",
        "%s, wrong blocks %,d"
            .formatted(Output.bytes(report.count("bytesVerified")), report.count("wrongBytes")));
    if (report.count("settledAfter") >= 0) {
      Output.row(
          out,
          "after the last fault",
          "settled in %,d ms; %,d blocks were a miss at first, the last until %,d ms"
              .formatted(
                  report.count("settledAfter"),
                  report.count("lateBlocks"),
                  report.count("lateBlockMax")));
    }
    Output.row(out, "copies per key", "%d".formatted(report.count("maxCopiesPerKey")));
    return out.toString();
  }

  private static String times(RunReport report, String p50, String p99) {
    return "p50 %.2f ms, p99 %.2f ms".formatted(report.value(p50), report.value(p99));
  }
}
