package io.larder.bench;

import static io.larder.bench.Figure.Better.higher;
import static io.larder.bench.Figure.Better.lower;

import io.larder.bench.verdict.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The figures of a replay. Times and rates cover the replay stage only. */
final class DemoFigures {
  private final List<Figure> figures = new ArrayList<>();

  List<Figure> list() {
    return figures;
  }

  /** The amount of work. */
  void work(DemoOptions options, int servers, int nodes, Trace trace) {
    up("nodes", nodes, "nodes");
    up("servers", servers, "servers");
    up("blockBytes", options.blockBytes(), "bytes");
    up("requests", trace.requests().size(), "requests");
    up("herdBlocks", options.herdBlocks(), "blocks");
  }

  void replay(LoadCounters replay, Trace trace, double seconds) {
    double lookups = (double) replay.lookups.sum();
    figures.add(
        Figure.of("hitRatio", lookups == 0 ? 0 : replay.hits() / lookups, "1", null, higher));
    figures.add(Figure.of("idealHitRatio", trace.idealHitRatio(), "1", null, higher));
    figures.add(Figure.of("seconds", seconds, "s", null, lower));
    rate("requestsPerSecond", trace.requests().size(), seconds, "requests/s");
    rate("readBytesPerSecond", (double) replay.bytesRead.sum(), seconds, "bytes/s");
    rate("writeBytesPerSecond", (double) replay.bytesWritten.sum(), seconds, "bytes/s");
    figures.add(Figure.of("getP50", replay.gets.quantileMs(0.5), "ms", null, lower));
    figures.add(Figure.of("getP99", replay.gets.quantileMs(0.99), "ms", null, lower));
    figures.add(Figure.of("putP50", replay.puts.quantileMs(0.5), "ms", null, lower));
    figures.add(Figure.of("putP99", replay.puts.quantileMs(0.99), "ms", null, lower));
    up("lookups", replay.lookups.sum(), "blocks");
    up("hits", replay.hits(), "blocks");
    up("hitsHot", replay.hitsHot.sum(), "blocks");
    up("hitsDevice", replay.hitsDevice.sum(), "blocks");
    up("hitsPeer", replay.hitsPeer.sum(), "blocks");
    up("blocksComputed", replay.computed.sum(), "blocks");
    up("putsStored", replay.stored.sum(), "blocks");
  }

  /** Suppressed and refused calls of the stages without faults. */
  void undisturbed(LoadCounters replay, LoadCounters herd, int blockBytes) {
    long suppressed = replay.suppressed.sum() + herd.suppressed.sum();
    up("duplicatesSuppressed", suppressed, "blocks");
    up("bytesSaved", suppressed * blockBytes, "bytes");
    up("herdComputations", herd.computed.sum(), "blocks");
    down("putsRefused", replay.putsRefused.sum() + herd.putsRefused.sum(), "puts");
    down("callsRefused", replay.callsRefused.sum() + herd.callsRefused.sum(), "calls");
  }

  void outage(Outage.@Nullable Result outage, LoadCounters underFire) {
    down("recovery", outage == null ? -1 : outage.recoveryMs(), "ms");
    up("recoveredBlocks", outage == null ? 0 : outage.recoveredBlocks(), "blocks");
    up("putsStoredInOutage", underFire.stored.sum(), "blocks");
    down("putsRefusedInOutage", underFire.putsRefused.sum(), "puts");
    down("callsRefusedInOutage", underFire.callsRefused.sum(), "calls");
  }

  /** Of the whole run. */
  void whole(List<LoadCounters> all, int storedBlocks, FinalAudit.Result audit, long excused) {
    up("storedBlocks", storedBlocks, "blocks");
    up(
        "bytesVerified",
        all.stream().mapToLong(counters -> counters.bytesVerified.sum()).sum(),
        "bytes");
    down(
        "failedCalls",
        all.stream().mapToLong(counters -> counters.failedCalls.sum()).sum(),
        "calls");
    down("settledAfter", audit.settledMs(), "ms");
    down("lateBlocks", audit.lateBlocks(), "blocks");
    down("lateBlockMax", audit.lateBlockMaxMs(), "ms");
    down("storedAgain", excused, "blocks");
    down("maxCopiesPerKey", audit.maxCopies(), "nodes");
  }

  void verdict(Verdict verdict) {
    figures.addAll(Verdicts.figures(verdict));
  }

  private void rate(String name, double amount, double seconds, String unit) {
    figures.add(Figure.of(name, seconds == 0 ? 0 : amount / seconds, unit, null, higher));
  }

  private void up(String name, long count, String unit) {
    figures.add(Figure.count(name, count, unit, null, higher));
  }

  private void down(String name, long count, String unit) {
    figures.add(Figure.count(name, count, unit, null, lower));
  }
}
