package io.larder.system.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.larder.coordinator.config.AssignmentOptions;
import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which values the chart takes, and which it refuses before anything is created. */
@Tag("chart")
class ValuesTest {
  private static final List<List<String>> AXES =
      List.of(
          List.of(
              "{}",
              "node: {device: {format: true}}",
              "node: {device: {source: hostPath, format: true, hostPath: {path: /dev/nvme1n1}}}"),
          List.of(Chart.LEAST, "{}", "zookeeper: {replicas: 1}"),
          List.of(
              "{}",
              "auth: {enabled: true, password: secret}",
              "{auth: {enabled: true, existingSecret: there}, tls: {enabled: true, existingSecret: there}}"),
          List.of("{}", everything()));

  static List<List<String>> matrix() {
    List<List<String>> combinations = List.of(List.of());
    for (List<String> axis : AXES) {
      List<List<String>> longer = new ArrayList<>();
      for (List<String> combination : combinations) {
        for (String choice : axis) {
          List<String> next = new ArrayList<>(combination);
          next.add(choice);
          longer.add(next);
        }
      }
      combinations = longer;
    }
    return combinations;
  }

  @ParameterizedTest
  @MethodSource("matrix")
  void everyCombinationIsMadeOfKubernetesTypesAndHangsTogether(List<String> values) {
    Hangings.check(Chart.render(values.toArray(String[]::new)), Set.of("there"));
  }

  /** Every value that is empty or off by default, given. */
  private static String everything() {
    return """
    commonLabels: {team: serving}
    commonAnnotations: {owner: cache}
    image: {registry: 'registry.example:5000', repository: infra/larder, tag: '1.2.3', pullPolicy: Always}
    imagePullSecrets: [{name: pull}]
    serviceAccount: {create: false, name: given, annotations: {a: b}}
    node:
      replicas: 5
      config: {memory: {poolBytes: 3GiB}, storage: {durability: flush}, limits: {maxConnections: 100}}
      javaOpts: ['-XX:+UseZGC']
      zone: {fieldPath: spec.nodeName}
      zoneSpread: DoNotSchedule
      topologySpreadConstraints:
        - {topologyKey: rack, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: nvme, operator: Exists}]}]}}}
      nodeSelector: {disk: nvme}
      tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
      priorityClassName: high
      runtimeClassName: runc
      terminationGracePeriodSeconds: 3600
      preStop: {drain: {enabled: true}}
      podAnnotations: {x: 'y'}
      podLabels: {l: m}
      extraEnv: [{name: A, value: '1'}]
      extraVolumes: [{name: extra, emptyDir: {}}]
      extraVolumeMounts: [{name: extra, mountPath: /extra}]
    coordinator:
      assignment: {settleMs: 100}
      nodeSelector: {role: infra}
      tolerations: [{key: infra, operator: Exists}]
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: infra, operator: Exists}]}]}}}
      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway}]
      priorityClassName: high
      podAnnotations: {x: 'y'}
      podLabels: {l: m}
      extraEnv: [{name: A, value: '1'}]
    zookeeper:
      volumeClaim: {storageClassName: fast, annotations: {x: 'y'}}
      nodeSelector: {role: infra}
      tolerations: [{key: infra, operator: Exists}]
      priorityClassName: high
      podAnnotations: {x: 'y'}
      podLabels: {l: m}
      extraEnv: [{name: ZOO_MAX_CLIENT_CNXNS, value: '0'}]
    service: {type: NodePort, port: 6379, internalTrafficPolicy: Cluster, annotations: {x: 'y'}}
    metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}
    networkPolicy: {enabled: true, clients: [{podSelector: {}}], monitoring: [{namespaceSelector: {}}]}
    """;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          zookeeper: {connect: ''}                                          | zookeeper.connect is empty and zookeeper.install is false
          zookeeper: {install: true}                                        | are both given: a cluster has one ensemble
          zookeeper: {connect: 'http://zk:2181'}                            | /zookeeper/connect
          zookeeper: {connect: 'zk:2181, zk2:2181'}                         | /zookeeper/connect
          zookeeper: {replicas: 2}                                          | /zookeeper/replicas
          zookeeper: {sessionTimeoutMs: 3000}                               | ZooKeeper grants 2 to 20 times tickTime
          zookeeper: {sessionTimeoutMs: 60000}                              | ZooKeeper grants 2 to 20 times tickTime
          zookeeper: {sessionTimeoutMs: 1000, tickMs: 600}                  | ZooKeeper grants 2 to 20 times tickTime
          auth: {enabled: true}                                             | there is no password
          auth: {password: secret}                                          | auth.enabled is false but a password is given
          auth: {enabled: true, password: a, existingSecret: b}             | are both given: give one
          auth: {enabled: 'yes'}                                            | /auth/enabled
          tls: {enabled: true}                                              | tls.existingSecret is empty
          tls: {existingSecret: there}                                      | tls.enabled is false
          tls: {requireClientCertificate: true}                             | tls.enabled is false
          tls: {enabled: true, certificate: a}                              | certificate
          cluster: 'two words'                                              | /cluster
          cluster: ''                                                       | /cluster
          fullnameOverride: Upper                                           | /fullnameOverride
          image: {digest: 'sha256:123'}                                     | /image/digest
          node: {replicas: 0}                                               | /node/replicas
          node: {replicas: three}                                           | /node/replicas
          node: {device: {source: file}}                                    | /node/device/source
          node: {device: {force: true}}                                     | force
          node: {device: {source: hostPath}}                                | node.device.hostPath.path is empty
          node: {device: {source: hostPath, hostPath: {path: /var/data}}}   | /node/device/hostPath/path
          node: {device: {hostPath: {path: /dev/sdb}}}                      | node.device.source is volumeClaim
          node: {antiAffinity: none, device: {source: hostPath, hostPath: {path: /dev/sdb}}} | two nodes of one host would want the same device
          node: {device: {volumeClaim: {size: big}}}                        | /node/device/volumeClaim/size
          node: {device: {volumeClaim: {volumeMode: Filesystem}}}           | volumeMode
          node: {device: {volumeClaim: {accessMode: ReadWriteMany}}}        | /node/device/volumeClaim/accessMode
          node: {device: {maxValue: 4MB}}                                   | /node/device/maxValue
          node: {config: {listen: {port: 1}}}                               | listen
          node: {config: {memory: {poolBytes: 4GB}}}                        | /node/config/memory/poolBytes
          node: {config: {memory: {poolBytes: 8GiB}}}                       | resources.limits.memory 6Gi is too small
          node: {config: {memory: {poolBytes: 8589934592}}}                 | resources.limits.memory 6Gi is too small
          node: {heap: 4g}                                                  | resources.limits.memory 6Gi is too small
          node: {heap: 4 GiB}                                               | /node/heap
          node: {config: {storage: {durability: fsync}}}                    | /node/config/storage/durability
          node: {config: {limits: {maxConnections: 0}}}                     | /node/config/limits/maxConnections
          node: {zone: {value: a, fieldPath: spec.nodeName}}                | node.zone.fieldPath are both given
          node: {terminationGracePeriodSeconds: 5}                          | no time is left to close the device
          node: {preStop: {drain: {enabled: true}}}                         | the drain would be killed half way
          node: {preStop: {drain: {extraArgs: ['$(id) x']}}}                | /node/preStop/drain/extraArgs
          node: {antiAffinity: hard}                                        | /node/antiAffinity
          node: {podDisruptionBudget: {maxUnavailable: 0}}                  | /node/podDisruptionBudget/maxUnavailable
          node: {extraEnv: [{name: 'A B'}]}                                 | /node/extraEnv
          coordinator: {replicas: 0}                                        | /coordinator/replicas
          coordinator: {assignment: {settle: 1}}                            | settle
          service: {internalTrafficPolicy: local}                           | /service/internalTrafficPolicy
          service: {port: 70000}                                            | /service/port
          metrics: {serviceMonitor: {interval: often}}                      | /metrics/serviceMonitor/interval
          test: {blockBytes: 1MB}                                           | /test/blockBytes
          replicas: 3                                                       | replicas
          """)
  void aValueThatCannotWorkIsRefusedByItsName(String values, String because) {
    assertThatThrownBy(() -> Chart.render(Chart.LEAST, values)).hasMessageContaining(because);
  }

  @Test
  void theChartTakesTheNodesOwnKeysAndNoOthers() {
    JsonNode config = schema().at("/properties/node/properties/config/properties");
    assertThat(keys(config.at("/memory/properties")))
        .isEqualTo(components(NodeConfig.Memory.class));
    assertThat(keys(config.at("/storage/properties")))
        .isEqualTo(components(NodeConfig.Storage.class));
    assertThat(keys(config.at("/limits/properties")))
        .isEqualTo(components(NodeConfig.Limits.class));
    assertThat(keys(schema().at("/properties/coordinator/properties/assignment/properties")))
        .isEqualTo(components(AssignmentOptions.class));
  }

  @Test
  void theSchemaRefusesUnknownKeysEverywhere() {
    List<String> open = new ArrayList<>();
    openObjects("", schema(), open);
    assertThat(open).containsExactly("/global");
  }

  @Test
  void theReadmeNamesEveryValueAndItsDefault() throws IOException {
    String readme = Files.readString(Chart.FOLDER.resolve("README.md"));
    JsonNode values = Chart.YAML.readTree(Files.readString(Chart.FOLDER.resolve("values.yaml")));
    List<String> rows = new ArrayList<>();
    leaves("", values, rows);
    assertThat(rows).hasSizeGreaterThan(100).allSatisfy(row -> assertThat(readme).contains(row));
  }

  private static void leaves(String prefix, JsonNode node, List<String> rows) {
    node.properties()
        .forEach(entry -> {
          String key = prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey();
          if (entry.getValue().isObject() && !entry.getValue().isEmpty()) {
            leaves(key, entry.getValue(), rows);
          } else {
            rows.add("| `%s` | `%s` |".formatted(key, entry.getValue().toString()));
          }
        });
  }

  /** Objects with named properties that others may be added to. */
  private static void openObjects(String path, JsonNode node, List<String> open) {
    if (!node.isObject()) {
      return;
    }
    if (node.path("type").asText().equals("object")
        && !node.has("additionalProperties")
        && !node.path("description").asText().startsWith("Kubernetes: ")
        && !path.endsWith("/valueFrom")
        && !path.endsWith("/items")) {
      open.add(path.replace("/properties", ""));
    }
    node.properties()
        .forEach(entry -> openObjects(path + "/" + entry.getKey(), entry.getValue(), open));
  }

  private static JsonNode schema() {
    try {
      return Chart.YAML.readTree(Files.readString(Chart.FOLDER.resolve("values.schema.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> keys(JsonNode node) {
    return Set.copyOf(node.properties().stream().map(Map.Entry::getKey).toList());
  }

  private static Set<String> components(Class<? extends Record> type) {
    return Set.copyOf(
        Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList());
  }
}
