package io.larder.cli.device;

import io.larder.bench.Progress;
import io.larder.cli.console.ConsoleProgress;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.Output;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.DeviceVerification;
import io.larder.node.store.log.DeviceFormat;
import io.larder.node.store.log.DeviceVerifier;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reads everything on a device. */
@Command(
    name = "verify",
    description = {
      "Read every record of a device that no node has open, and count what is whole and what is"
          + " not; changes nothing.",
      "Ends with exit code 3 if anything is damaged."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the device
final class DeviceVerifyCommand implements Callable<Integer> {

  @Parameters(paramLabel = "DEVICE", description = "A block device or a file.")
  private Path device;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    DeviceVerification found;
    try (Progress.Task task =
        ConsoleProgress.onStandardError().task("segments of " + device, segments(device))) {
      found = DeviceVerifier.verify(device, () -> task.step(1));
    }
    System.out.print(json ? Output.json(found) + "\n" : table(found));
    if (!found.isWhole()) {
      System.err.println(
          "larder: "
              + device
              + " is damaged: a damaged record is a miss from now on. If the device goes on damaging"
              + " them, replace it");
    }
    return found.isWhole() ? ExitCode.OK : ExitCode.UNHEALTHY;
  }

  /** How many segments it has; 0 if it is no Larder device. */
  static int segments(Path device) {
    return DeviceFormat.inspect(device).identity().map(DeviceIdentity::segments).orElse(0);
  }

  private static String table(DeviceVerification found) {
    StringBuilder out = new StringBuilder();
    Output.row(out, "device", found.path());
    Output.row(
        out,
        "read",
        "%s in %.1f s".formatted(Output.bytes(found.bytesRead()), found.durationMs() / 1000.0));
    rows(out, "records", found.records());
    rows(out, "leftovers", found.leftovers());
    rows(out, "damage", found.damage());
    for (String place : found.places()) {
      Output.row(out, "", place);
    }
    return out.toString();
  }

  private static void rows(StringBuilder out, String what, Map<String, Long> counts) {
    if (counts.isEmpty()) {
      Output.row(out, what, "none");
    }
    counts.forEach((kind, count) -> Output.row(out, what + ": " + kind, "%,d".formatted(count)));
  }
}
