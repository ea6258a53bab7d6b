package io.larder.cli.process;

import io.larder.cli.console.ExitCode;
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
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code larder coordinator}: runs until the stop signal. */
@Command(
    name = "coordinator",
    mixinStandardHelpOptions = true,
    description = "Run a coordinator: of several, one leads and assigns slots to nodes.")
public final class CoordinatorCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorCommand.class);

  @Mixin private ProcessOptions options = new ProcessOptions();

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "Serve /metrics, /live and /ready here.")
  private @Nullable String listen;

  @Override
  public Integer call() throws InterruptedException, IOException {
    Map<String, @Nullable String> flags = new HashMap<>();
    flags.put("http.listen", listen);
    CoordinatorConfig read = options.read(CoordinatorConfig.DEFAULT, flags);
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    try (StopSignal stop = options.installStopSignal();
        Coordinator coordinator =
            Coordinator.start(read.zooKeeperOptions(), read.assignment(), id(), read.nodes())) {
      coordinator.bindTo(registry);
      if (read.http().listen().isEmpty()) {
        stop.await();
      } else {
        HostPort http = HostPort.parse(read.http().listen());
        try (OpsServer server =
            OpsServer.start(http.host(), http.port(), registry, () -> readiness(coordinator))) {
          LOG.info("metrics and health on http://{}:{}", http.host(), server.port());
          stop.await();
        }
      }
    } finally {
      registry.close();
    }
    return ExitCode.OK;
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
