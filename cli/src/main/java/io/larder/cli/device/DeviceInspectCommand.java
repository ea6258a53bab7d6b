package io.larder.cli.device;

import io.larder.bench.Progress;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.Output;
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
    System.out.print(json ? Output.json(fields(found)) + "\n" : table(found));
    if (found.identity().isEmpty()) {
      System.err.println(
          "larder: "
              + device
              + " is no Larder device; prepare it with: larder device format "
              + (found.content().equals("empty") ? "" : "--force ")
              + device);
    }
    return found.identity().isPresent() && found.checkpointSequence() > 0
        ? ExitCode.OK
        : ExitCode.UNHEALTHY;
  }

  /** The fields of the record, without an identity if there is none. */
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
    Output.row(out, "device", found.path());
    Output.row(out, "size", Output.bytes(found.sizeBytes()));
    Output.row(out, "content", found.content());
    if (found.identity().isPresent()) {
      DeviceIdentity identity = found.identity().get();
      Output.row(out, "node", identity.nodeId() + " of cluster " + identity.cluster());
      Output.row(out, "uuid", identity.deviceUuid().toString());
      Output.row(
          out,
          "format",
          found.format() + ", formatted " + Instant.ofEpochMilli(found.formattedAtMs()));
      Output.row(out, "capacity", Output.bytes(identity.capacityBytes()));
      Output.row(
          out,
          "segments",
          "%d of %s: %s"
              .formatted(
                  identity.segments(),
                  Output.bytes(identity.segmentBytes()),
                  found.segmentsByState()));
      Output.row(out, "largest value", Output.bytes(identity.maxValueBytes()));
      Output.row(out, "mounts", Long.toString(found.mountSequence()));
      Output.row(out, "superblocks", found.validSuperblocks() + " of 2 valid");
      Output.row(
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
    Output.row(
        out,
        "a start now finds",
        "%,d records in %,d ms, reading %s"
            .formatted(
                recovery.records(), recovery.durationMs(), Output.bytes(recovery.bytesRead())));
    Output.row(
        out,
        "",
        "%,d listed by footers, %,d found by scanning %d segments"
            .formatted(
                recovery.recordsFromFooters(),
                recovery.recordsFromScans(),
                recovery.segmentsScanned()));
    Output.row(
        out,
        "rejected",
        recovery.rejected().isEmpty() ? "nothing" : recovery.rejected().toString());
  }
}
