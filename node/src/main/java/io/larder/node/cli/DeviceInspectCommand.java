package io.larder.node.cli;

import io.larder.node.bench.Progress;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.DeviceInspection;
import io.larder.node.store.RecoveryReport;
import io.larder.node.store.log.DeviceFormat;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at a device without changing it. */
@Command(
    name = "inspect",
    description = {
      "Show whose device it is and what state it is in; changes nothing.",
      "Ends with exit code 3 if it is no Larder device or is damaged."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the device
final class DeviceInspectCommand implements Callable<Integer> {
  private static final int UNHEALTHY = 3;

  @Parameters(paramLabel = "DEVICE", description = "A block device or a file.")
  private Path device;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    DeviceInspection found;
    try (Progress.Task task =
        ConsoleProgress.onStandardError()
            .task("segments of " + device, DeviceVerifyCommand.segments(device))) {
      found = DeviceFormat.rehearse(device, () -> task.step(1));
    }
    System.out.print(json ? ReportPrinter.json(fields(found)) + "\n" : table(found));
    if (found.identity().isEmpty()) {
      System.err.println(
          "larder: "
              + device
              + " is no Larder device; prepare it with: larder device format "
              + (found.content().equals("empty") ? "" : "--force ")
              + device);
    }
    return found.identity().isPresent() && found.checkpointSequence() > 0 ? 0 : UNHEALTHY;
  }

  /** As the record, with nothing where there is no identity. */
  private static Map<String, @Nullable Object> fields(DeviceInspection found) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("path", found.path());
    fields.put("sizeBytes", found.sizeBytes());
    fields.put("content", found.content());
    fields.put("identity", found.identity().orElse(null));
    fields.put("format", found.format());
    fields.put("formattedAtMs", found.formattedAtMs());
    fields.put("mountSequence", found.mountSequence());
    fields.put("validSuperblocks", found.validSuperblocks());
    fields.put("leftCheckpoint", found.leftCheckpoint());
    fields.put("rightCheckpoint", found.rightCheckpoint());
    fields.put("segmentsByState", found.segmentsByState());
    fields.put("recovery", found.recovery().orElse(null));
    return fields;
  }

  private static String table(DeviceInspection found) {
    StringBuilder out = new StringBuilder();
    ReportPrinter.row(out, "device", found.path());
    ReportPrinter.row(out, "size", ReportPrinter.bytes(found.sizeBytes()));
    ReportPrinter.row(out, "content", found.content());
    if (found.identity().isPresent()) {
      DeviceIdentity identity = found.identity().get();
      ReportPrinter.row(out, "node", identity.nodeId() + " of cluster " + identity.cluster());
      ReportPrinter.row(out, "uuid", identity.deviceUuid().toString());
      ReportPrinter.row(
          out,
          "format",
          found.format() + ", formatted " + Instant.ofEpochMilli(found.formattedAtMs()));
      ReportPrinter.row(out, "capacity", ReportPrinter.bytes(identity.capacityBytes()));
      ReportPrinter.row(
          out,
          "segments",
          "%d of %s: %s"
              .formatted(
                  identity.segments(),
                  ReportPrinter.bytes(identity.segmentBytes()),
                  found.segmentsByState()));
      ReportPrinter.row(out, "largest value", ReportPrinter.bytes(identity.maxValueBytes()));
      ReportPrinter.row(out, "mounts", Long.toString(found.mountSequence()));
      ReportPrinter.row(out, "superblocks", found.validSuperblocks() + " of 2 valid");
      ReportPrinter.row(
          out,
          "checkpoint",
          "left %s, right %s"
              .formatted(side(found.leftCheckpoint()), side(found.rightCheckpoint())));
      found.recovery().ifPresent(recovery -> recovery(out, recovery));
    }
    return out.toString();
  }

  private static String side(long sequence) {
    return sequence > 0 ? "number " + sequence : "damaged";
  }

  private static void recovery(StringBuilder out, RecoveryReport recovery) {
    ReportPrinter.row(
        out,
        "a start now finds",
        "%,d records in %,d ms, reading %s"
            .formatted(
                recovery.records(),
                recovery.durationMs(),
                ReportPrinter.bytes(recovery.bytesRead())));
    ReportPrinter.row(
        out,
        "",
        "%,d listed by footers, %,d found by scanning %d segments"
            .formatted(
                recovery.recordsFromFooters(),
                recovery.recordsFromScans(),
                recovery.segmentsScanned()));
    ReportPrinter.row(
        out,
        "rejected",
        recovery.rejected().isEmpty() ? "nothing" : recovery.rejected().toString());
  }
}
