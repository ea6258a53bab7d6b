package io.larder.node.cli;

import io.larder.coordinator.cli.StopSignal;
import io.larder.coordinator.config.ConfigException;
import io.larder.coordinator.config.ConfigReader;
import io.larder.node.NodeProcess;
import io.larder.node.config.NodeConfig;
import io.larder.node.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larder node}: runs until the process is told to stop. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = "Run a node on a formatted device.")
final class NodeCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "Block device or file, prepared by `larder device format`.")
  private @Nullable String device;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT[,…]",
      description = "ZooKeeper servers (default: 127.0.0.1:2181).")
  private @Nullable String zookeeper;

  @Option(names = "--cluster", paramLabel = "NAME", description = "Cluster name (default: larder).")
  private @Nullable String cluster;

  @Option(names = "--host", paramLabel = "HOST", description = "Address to bind and to announce.")
  private @Nullable String host;

  @Option(names = "--port", paramLabel = "PORT", description = "RESP port (default: 7379).")
  private @Nullable String port;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description = "Port of /metrics, /live and /ready (default: 9379).")
  private @Nullable String httpPort;

  @Option(names = "--config", paramLabel = "FILE", description = "YAML file; flags win over it.")
  private @Nullable Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any key of the configuration, e.g. memory.poolBytes=4GiB.")
  private Map<String, String> set = new LinkedHashMap<>();

  @Option(names = "--exit-with-parent", hidden = true)
  private boolean exitWithParent;

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig read = configuration();
    try (StopSignal stop = StopSignal.install(exitWithParent);
        NodeProcess _ = NodeProcess.start(read)) {
      stop.await();
      return ExitCode.OK;
    } catch (StoreException | IOException e) {
      System.err.println("larder node: " + e.getMessage());
      return ExitCode.SOFTWARE;
    }
  }

  private NodeConfig configuration() {
    CommandSpec command = java.util.Objects.requireNonNull(spec);
    try {
      NodeConfig read = ConfigReader.read(NodeConfig.DEFAULTS, config, flags());
      if (read.device().toString().isEmpty()) {
        throw new ParameterException(
            command.commandLine(),
            "no device: name one with --device or the key `device`, prepared by"
                + " `larder device format DEVICE`");
      }
      return read;
    } catch (ConfigException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }

  private Map<String, String> flags() {
    Map<String, String> flags = new LinkedHashMap<>(set);
    put(flags, "device", device);
    put(flags, "zookeeper.connect", zookeeper);
    put(flags, "cluster", cluster);
    put(flags, "listen.host", host);
    put(flags, "http.host", host);
    put(flags, "listen.port", port);
    put(flags, "http.port", httpPort);
    return flags;
  }

  private static void put(Map<String, String> flags, String key, @Nullable String value) {
    if (value != null) {
      flags.put(key, value);
    }
  }
}
