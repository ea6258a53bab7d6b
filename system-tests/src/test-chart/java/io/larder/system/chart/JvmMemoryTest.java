package io.larder.system.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.larder.coordinator.config.ConfigReader;
import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every JVM of the chart gets a heap that it starts with and that its container has room for. */
@Tag("chart")
class JvmMemoryTest {
  private static final long MIB = 1L << 20;

  /** Under this no JVM of the chart's works. */
  private static final long FLOOR = 64 * MIB;

  /** What a JVM takes beside its heap at the least. */
  private static final long OVERHEAD = 128 * MIB;

  private static final Pattern XMX = Pattern.compile("-Xmx([0-9]+)([kmgKMG]?)");

  @Test
  void theEnsemblesServersGetTheirHeapInMegabytes() {
    assertThat(zookeeperHeap(Chart.render("{}"))).isEqualTo("512");
    assertThat(
            zookeeperHeap(
                Chart.render("zookeeper: {heap: 3g, resources: {limits: {memory: 4Gi}}}")))
        .isEqualTo("3072");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "node: {device: {format: true}}",
        "zookeeper: {heap: 256m, resources: {requests: {memory: 512Mi}, limits: {memory: 512Mi}}}",
        "zookeeper: {heap: 4g, resources: {limits: {memory: 6442450944}}}",
        "zookeeper: {heap: 1g, resources: {limits: {memory: '1500000000'}}}",
        "zookeeper: {heap: 1500m, resources: {limits: {memory: 2.5G}}}",
        "coordinator: {heap: 64m, resources: {limits: {memory: 256Mi}}}",
        "coordinator: {heap: 1g, javaOpts: ['-XX:+UseZGC'], resources: {limits: {memory: 1.5Gi}}}",
        "coordinator: {heap: 700m, resources: {limits: {memory: 1G}}}",
        "coordinator: {resources: {limits: {memory: 536870912000m}}}",
        "node: {heap: 31g, config: {memory: {poolBytes: 96GiB}}, resources: {limits: {memory: 128Gi}}}",
        "node: {heap: 512m, config: {memory: {poolBytes: 536870912}}, resources: {limits: {memory: 1610612736}}}",
        "node: {heap: 300m, config: {memory: {poolBytes: 64MiB}}, resources: {limits: {memory: 900Mi}}}",
        "node: {heap: 2g, config: {memory: {poolBytes: 16GiB}}, resources: {limits: {memory: 20G}}}",
        "node: {heap: 2g, config: {memory: {poolBytes: '17179869184'}}, resources: {limits: {memory: 18.75Gi}}}",
        "node: {heap: 8g, config: {memory: {poolBytes: 1TiB}}, resources: {limits: {memory: 1.25T}}}",
        "node: {javaOpts: ['-XX:+UseZGC'], terminationGracePeriodSeconds: 3600, preStop: {drain: {enabled: true}}}"
      })
  void everyJvmsPartsFitItsContainersLimit(String values) throws IOException {
    Manifests chart = Chart.render(values);
    Map<String, Container> containers = containers(chart);
    assertThat(containers.keySet())
        .contains(
            "kv-larder-node/node",
            "kv-larder-coordinator/coordinator",
            "kv-larder-zookeeper/zookeeper",
            "kv-larder-test-probe/probe");
    containers.forEach((name, container) -> {
      long limit = bytes(container, "memory");
      List<Long> heaps = heaps(container);
      assertThat(heaps)
          .as("%s: heaps", name)
          .isNotEmpty()
          .allSatisfy(heap -> assertThat(heap).isGreaterThanOrEqualTo(FLOOR).isLessThan(limit));
      long needed = heaps.stream().mapToLong(heap -> heap + OVERHEAD).sum();
      if (container.getName().equals("node")) {
        NodeConfig.Memory memory = config(chart).memory();
        assertThat(memory.poolBytes()).as("%s: pool", name).isBetween(FLOOR, limit);
        assertThat(memory.hotBytes() + memory.readFloorBytes()).isLessThan(memory.poolBytes());
        needed += memory.poolBytes();
      }
      assertThat(needed).as("%s: heap, pool and the JVM itself", name).isLessThanOrEqualTo(limit);
    });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          node: {resources: {limits: {memory: 2.5Gi}}}                          | node.resources.limits.memory 2.5Gi is too small
          node: {resources: {limits: {memory: 5.5G}}}                           | node.resources.limits.memory 5.5G is too small
          node: {resources: {limits: {memory: 5000000k}}}                       | node.resources.limits.memory 5000000k is too small
          node: {resources: {limits: {memory: 5368709120}}}                     | node.resources.limits.memory 5368709120 is too small
          node: {resources: {limits: {memory: '5368709120'}}}                   | node.resources.limits.memory 5368709120 is too small
          node: {resources: {limits: {memory: 8192m}}}                          | node.resources.limits.memory 8192m is too small
          node: {config: {memory: {poolBytes: 8589934592}}}                     | memory.poolBytes 8589934592
          node: {heap: 1m}                                                      | node.heap 1m is too small
          zookeeper: {heap: 1g}                                                 | zookeeper.resources.limits.memory 1Gi is too small
          zookeeper: {heap: 32m}                                                | zookeeper.heap 32m is too small
          zookeeper: {resources: {limits: {memory: 0.5G}}}                      | zookeeper.resources.limits.memory 0.5G is too small
          coordinator: {heap: 512m}                                             | coordinator.resources.limits.memory 512Mi is too small
          coordinator: {heap: 8m}                                               | coordinator.heap 8m is too small
          coordinator: {resources: {limits: {memory: 300000000}}}               | coordinator.resources.limits.memory 300000000 is too small
          node: {resources: {limits: {memory: 5700Mi}}, terminationGracePeriodSeconds: 3600, preStop: {drain: {enabled: true}}} | node.resources.limits.memory 5700Mi is too small
          """)
  void aLimitThatAJvmDoesNotFitIsRefused(String values, String because) {
    assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining(because);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{node: {resources: null}, coordinator: {resources: null}, zookeeper: {resources: null}}",
        "{node: {resources: {limits: null}}, coordinator: {resources: {limits: null}}, zookeeper: {resources: {limits: null}}}",
        "node: {config: {memory: null}}"
      })
  void aLimitThatIsNotGivenIsNotChecked(String values) {
    assertThat(Chart.render(values).documents()).isNotEmpty();
  }

  @Test
  void largeNumbersStayPlainNumbers() {
    Manifests chart =
        Chart.render(
            """
            node:
              device: {volumeClaim: {size: 3840755982336}}
              config:
                memory: {poolBytes: 4294967296, hotBytes: 2147483648}
                limits: {maxConnections: 1000000, setWaitMs: 600000}
              podSecurityContext: {runAsUser: 1000650000}
              minReadySeconds: 1000000
              podDisruptionBudget: {maxUnavailable: 1000000}
            coordinator: {assignment: {reassignAfterMs: 86400000}}
            zookeeper: {volumeClaim: {size: 17179869184}}
            """);
    assertThat(chart.documents().toString())
        .doesNotContainPattern("(?<![0-9a-zA-Z.])[0-9.]+[eE][+]?[0-9]+(?![0-9a-zA-Z])");
    assertThat(config(chart).limits().maxConnections()).isEqualTo(1_000_000);
    assertThat(config(chart).hotBytes()).isEqualTo(2L << 30);
    assertThat(chart.nodes().getSpec().getMinReadySeconds()).isEqualTo(1_000_000);
  }

  @Test
  void theHookThatDrainsHasAHeapOfItsOwn() {
    Manifests chart =
        Chart.render(
            "node: {heap: 2g, javaOpts: ['-XX:+UseZGC'], config: {memory: {poolBytes: 3GiB}},"
                + " terminationGracePeriodSeconds: 3600, preStop: {drain: {enabled: true}}}");
    assertThat(chart.nodeContainer().getLifecycle().getPreStop().getExec().getCommand())
        .last()
        .asString()
        .as("the launcher's options for a command do not go with the node's collector")
        .startsWith("LARDER_JAVA_OPTS=-Xmx128m 'larder' ");
  }

  private static String zookeeperHeap(Manifests chart) {
    Container server = containers(chart).get("kv-larder-zookeeper/zookeeper");
    return Objects.requireNonNull(
        Hangings.environment(Objects.requireNonNull(server)).get("ZK_SERVER_HEAP"));
  }

  /** Every container in which a JVM runs, by its pod's and its own name. */
  private static Map<String, Container> containers(Manifests chart) {
    Map<String, Container> all = new LinkedHashMap<>();
    chart
        .podTemplates()
        .forEach((name, template) ->
            Hangings.containers(template.getSpec())
                .forEach(container -> all.put(name + "/" + container.getName(), container)));
    chart
        .all(Pod.class)
        .forEach(pod ->
            Hangings.containers(pod.getSpec())
                .forEach(container ->
                    all.put(pod.getMetadata().getName() + "/" + container.getName(), container)));
    return all;
  }

  /** The heap of each JVM that may run in a container at one time. */
  private static List<Long> heaps(Container container) {
    String ofServer = Hangings.environment(container).get("ZK_SERVER_HEAP");
    if (ofServer != null) {
      return List.of(Long.parseLong(ofServer) * MIB); // zkEnv.sh: -Xmx${ZK_SERVER_HEAP}m
    }
    List<Long> heaps = new ArrayList<>();
    String options = Hangings.environment(container).getOrDefault("LARDER_JAVA_OPTS", "");
    assertThat(options).doesNotContain("RAMPercentage");
    heaps.add(heap(options.contains("-Xmx") ? options : ofACommand()));
    if (container.getLifecycle() != null) {
      String hook = String.join(" ", container.getLifecycle().getPreStop().getExec().getCommand());
      if (hook.contains("larder")) {
        heaps.add(heap(hook));
      }
    }
    return heaps;
  }

  private static long heap(String options) {
    MatchResult given =
        XMX.matcher(options)
            .results()
            .reduce((_, last) -> last)
            .orElseThrow(() -> new AssertionError("no -Xmx in " + options));
    long number = Long.parseLong(given.group(1));
    return switch (given.group(2)) {
      case "k", "K" -> number << 10;
      case "m", "M" -> number << 20;
      case "g", "G" -> number << 30;
      default -> number;
    };
  }

  /** What the image's launcher gives a command that is no node or coordinator. */
  private static String ofACommand() {
    try {
      return Files.readString(Chart.FOLDER.resolve("../../packaging/bin/larder"))
          .lines()
          .filter(line -> line.strip().startsWith("*)"))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long bytes(Container container, String resource) {
    Quantity limit = container.getResources().getLimits().get(resource);
    return Quantity.getAmountInBytes(Objects.requireNonNull(limit)).longValueExact();
  }

  private static NodeConfig config(Manifests chart) {
    String yaml = chart.one(ConfigMap.class, "kv-larder-node").getData().get("node.yaml");
    return ConfigReader.parse(
        NodeConfig.DEFAULTS, "node.yaml", Objects.requireNonNull(yaml), Map.of());
  }
}
