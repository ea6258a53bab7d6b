package io.larder.node.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.larder.node.bench.BenchReport;
import io.larder.node.bench.DemoReport;
import io.larder.node.bench.Figure;
import io.larder.node.bench.Figure.Better;
import java.util.List;
import java.util.Locale;

/** Writes reports: a table for people, JSON for programs. */
final class ReportPrinter {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String[] BINARY_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private ReportPrinter() {}

  static String json(Object report) {
    try {
      return JSON.writeValueAsString(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report of numbers and texts cannot be written", e);
    }
  }

  static String table(BenchReport report) {
    StringBuilder out = new StringBuilder();
    row(out, "machine", report.machine());
    row(out, "commit", report.commit());
    row(out, "command", report.command());
    for (Figure figure : report.figures()) {
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

  static String table(DemoReport report) {
    StringBuilder out = new StringBuilder();
    row(
        out,
        "cluster",
        "%d nodes, %d servers, %s a block"
            .formatted(report.nodes(), report.servers(), bytes(report.blockBytes())));
    row(
        out,
        "requests",
        "%,d in %.1f s (%.0f/s)"
            .formatted(report.requests(), report.seconds(), report.requestsPerSecond()));
    row(out, "block lookups", "%,d".formatted(report.lookups()));
    row(
        out,
        "hit ratio",
        "%.4f (ideal for this slice: %.4f)".formatted(report.hitRatio(), report.idealHitRatio()));
    row(
        out,
        "hits",
        "%,d: local hot tier %,d, local device %,d, peer %,d"
            .formatted(report.hits(), report.hitsHot(), report.hitsDevice(), report.hitsPeer()));
    row(
        out,
        "puts stored",
        "%,d of %,d computed".formatted(report.putsStored(), report.blocksComputed()));
    row(
        out,
        "duplicates suppressed",
        "%,d, %s saved".formatted(report.duplicatesSuppressed(), bytes(report.bytesSaved())));
    row(
        out,
        "throughput",
        "read %s/s, written %s/s"
            .formatted(
                bytes((long) report.readBytesPerSecond()),
                bytes((long) report.writeBytesPerSecond())));
    row(out, "get", "p50 %.2f ms, p99 %.2f ms".formatted(report.getP50Ms(), report.getP99Ms()));
    row(out, "put", "p50 %.2f ms, p99 %.2f ms".formatted(report.putP50Ms(), report.putP99Ms()));
    row(out, "failed calls", "%,d".formatted(report.failedCalls()));
    if (report.herdBlocks() > 0) {
      row(
          out,
          "herd",
          "%,d new blocks wanted by all servers at once, computed %,d times"
              .formatted(report.herdBlocks(), report.herdComputations()));
    }
    if (report.recoveryMs() >= 0) {
      row(
          out,
          "recovery after kill -9",
          "%,d ms, %,d blocks recovered".formatted(report.recoveryMs(), report.recoveredBlocks()));
    }
    row(out, "evictions", "%,d".formatted(report.evictions()));
    row(
        out,
        "acknowledged blocks",
        "%,d, lost %,d".formatted(report.acknowledgedBlocks(), report.acknowledgedBlocksLost()));
    row(
        out,
        "bytes verified",
        "%s, mismatches %,d".formatted(bytes(report.bytesVerified()), report.mismatches()));
    row(out, "copies per key", "%d".formatted(report.maxCopiesPerKey()));
    return out.toString();
  }

  /** The verdict in one line, or one line for each broken promise. */
  static String verdict(List<String> broken) {
    if (broken.isEmpty()) {
      return "every promise was kept";
    }
    return "broken: " + String.join("\nbroken: ", broken);
  }

  static String bytes(long count) {
    double value = count;
    int unit = 0;
    while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, BINARY_UNITS[unit]);
  }

  static void row(StringBuilder out, String name, String value) {
    out.append("  %-24s%s%n".formatted(name, value));
  }
}
