package io.larder.cli.process;

import io.larder.cli.console.ExitCode;
import io.larder.cli.doctor.Check;
import io.larder.cli.doctor.Doctor;
import io.larder.cli.doctor.UnfitException;
import io.larder.node.NodeProcess;
import io.larder.node.config.NodeConfig;
import io.larder.node.store.StoreException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code larder node}: runs until the stop signal. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = "Run a node on a formatted device.")
public final class NodeCommand implements Callable<Integer> {
  @Mixin private ProcessOptions options = new ProcessOptions();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "Block device or file, prepared by `larder device format`.")
  private @Nullable String device;

  @Option(names = "--host", paramLabel = "HOST", description = "Address to bind and to announce.")
  private @Nullable String host;

  @Option(names = "--port", paramLabel = "PORT", description = "RESP port (default: 7379).")
  private @Nullable String port;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description = "Port of /metrics, /live and /ready (default: 9379).")
  private @Nullable String httpPort;

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig read = configuration();
    List<Check> checks = Doctor.node(read);
    UnfitException.throwIfMissing(checks);
    UnfitException.notes(checks).forEach(note -> System.err.println("larder: note: " + note));
    try (StopSignal stop = options.installStopSignal();
        NodeProcess node = NodeProcess.start(read)) {
      node.prefaultMemory();
      stop.await();
      return ExitCode.OK;
    } catch (StoreException | IOException e) {
      System.err.println("larder node: " + e.getMessage());
      return ExitCode.FAILED;
    }
  }

  private NodeConfig configuration() {
    Map<String, @Nullable String> flags = new HashMap<>();
    flags.put("device", device);
    flags.put("listen.host", host);
    flags.put("http.host", host);
    flags.put("listen.port", port);
    flags.put("http.port", httpPort);
    NodeConfig read = options.read(NodeConfig.DEFAULTS, flags);
    if (read.device().toString().isEmpty()) {
      throw options.usage(
          "no device: name one with --device or the key `device`, prepared by"
              + " `larder device format DEVICE`");
    }
    return read;
  }
}
