package io.larder.cli.process;

import io.larder.coordinator.config.ConfigException;
import io.larder.coordinator.config.ConfigReader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of every service: a configuration file, flags over it, the cluster, its ZooKeeper. */
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class ProcessOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT[,…]",
      description = "ZooKeeper servers (default: 127.0.0.1:2181).")
  private @Nullable String zookeeper;

  @Option(names = "--cluster", paramLabel = "NAME", description = "Cluster name (default: larder).")
  private @Nullable String cluster;

  @Option(names = "--config", paramLabel = "FILE", description = "YAML file; flags win over it.")
  private @Nullable Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any key of the configuration, e.g. zookeeper.sessionTimeoutMs=8000.")
  private Map<String, String> set = new LinkedHashMap<>();

  @Option(names = "--exit-with-parent", hidden = true)
  private boolean exitWithParent;

  /**
   * Reads the configuration, the command's own flags last.
   *
   * @param own the command's flags by key; null where one was not given
   * @throws ParameterException naming every key that is wrong
   */
  public <T extends Record> T read(T defaults, Map<String, @Nullable String> own) {
    Map<String, String> flags = new LinkedHashMap<>(set);
    put(flags, "zookeeper.connect", zookeeper);
    put(flags, "cluster", cluster);
    own.forEach((key, value) -> put(flags, key, value));
    try {
      return ConfigReader.read(defaults, config, flags);
    } catch (ConfigException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  /** A usage error of the command. */
  public ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** Listens for the stop signal. */
  public StopSignal installStopSignal() {
    return StopSignal.install(exitWithParent);
  }

  private static void put(Map<String, String> flags, String key, @Nullable String value) {
    if (value != null) {
      flags.put(key, value);
    }
  }
}
