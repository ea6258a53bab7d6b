package io.larder.coordinator.cli;

import io.larder.coordinator.config.ConfigException;
import io.larder.coordinator.config.ConfigReader;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.coordinator.config.HostPort;
import io.larder.coordinator.controller.Coordinator;
import io.larder.coordinator.http.OpsServer;
import io.larder.coordinator.http.Readiness;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larder coordinator}: runs until the process is told to stop. */
@Command(
    name = "coordinator",
    mixinStandardHelpOptions = true,
    description = "Run a coordinator: of several, one leads and assigns slots to nodes.")
public final class CoordinatorCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(CoordinatorCommand.class);

  @Spec private @Nullable CommandSpec spec;

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
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "Serve /metrics, /live and /ready here.")
  private @Nullable String listen;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any key of the configuration, e.g. assignment.reassignAfterMs=5000.")
  private Map<String, String> set = new LinkedHashMap<>();

  @Option(names = "--exit-with-parent", hidden = true)
  private boolean exitWithParent;

  @Override
  public Integer call() throws InterruptedException, IOException {
    CoordinatorConfig read;
    try {
      read = ConfigReader.read(CoordinatorConfig.DEFAULT, config, flags());
    } catch (ConfigException e) {
      if (spec == null) {
        throw e;
      }
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    try (StopSignal stop = StopSignal.install(exitWithParent);
        Coordinator coordinator =
            Coordinator.start(read.zooKeeperOptions(), read.assignment(), id())) {
      coordinator.bindTo(registry);
      if (read.http().listen().isEmpty()) {
        stop.await();
      } else {
        HostPort http = HostPort.parse(read.http().listen());
        try (OpsServer server =
            OpsServer.start(http.host(), http.port(), registry, () -> readiness(coordinator))) {
          log.info("metrics and health on http://{}:{}", http.host(), server.port());
          stop.await();
        }
      }
    } finally {
      registry.close();
    }
    return ExitCode.OK;
  }

  private Map<String, String> flags() {
    Map<String, String> flags = new LinkedHashMap<>(set);
    put(flags, "zookeeper.connect", zookeeper);
    put(flags, "cluster", cluster);
    put(flags, "http.listen", listen);
    return flags;
  }

  private static void put(Map<String, String> flags, String key, @Nullable String value) {
    if (value != null) {
      flags.put(key, value);
    }
  }

  private static Readiness readiness(Coordinator coordinator) {
    if (!coordinator.isConnected()) {
      return Readiness.no("ZooKeeper is out of reach");
    }
    return new Readiness(true, coordinator.isLeader() ? "leading" : "standing by");
  }

  private static String id() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      host = "localhost";
    }
    return host + ":" + ProcessHandle.current().pid();
  }
}
