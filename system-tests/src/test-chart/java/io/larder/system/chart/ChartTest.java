package io.larder.system.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.larder.coordinator.config.ConfigReader;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.node.config.NodeConfig;
import io.larder.node.server.ServerConfig;
import io.larder.node.store.StoreConfig;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the chart promises about the cluster it makes. */
@Tag("chart")
class ChartTest {
  private static final String INSTALLED = "{}";

  @Test
  void lintFindsNothing() {
    var result = Chart.lint();
    assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    assertThat(result.getMessages()).noneMatch(message -> message.contains("[WARNING]"));
  }

  @Test
  void nodesGetRawBlockDevicesOfTheirOwn() {
    Manifests chart =
        Chart.render(
            Chart.LEAST,
            "node: {device: {volumeClaim: {storageClassName: local-nvme, size: 3Ti, whenScaled: Delete}}}");
    var claim = chart.nodes().getSpec().getVolumeClaimTemplates().get(0);
    assertThat(claim.getSpec().getVolumeMode()).isEqualTo("Block");
    assertThat(claim.getSpec().getStorageClassName()).isEqualTo("local-nvme");
    assertThat(claim.getSpec().getResources().getRequests().get("storage")).hasToString("3Ti");
    assertThat(chart.nodeContainer().getVolumeDevices())
        .singleElement()
        .satisfies(device -> {
          assertThat(device.getName()).isEqualTo(claim.getMetadata().getName());
          assertThat(device.getDevicePath()).isEqualTo("/dev/larder");
        });
    var retention = chart.nodes().getSpec().getPersistentVolumeClaimRetentionPolicy();
    assertThat(retention.getWhenDeleted()).isEqualTo("Retain");
    assertThat(retention.getWhenScaled()).isEqualTo("Delete");
    assertThat(chart.nodeContainer().getSecurityContext().getPrivileged()).isNull();
  }

  @Test
  void aHostsDeviceIsMountedIntoAPrivilegedContainerOneToAHost() {
    Manifests chart =
        Chart.render(
            Chart.LEAST,
            "node: {device: {source: hostPath, format: true, hostPath: {path: /dev/disk/by-partlabel/larder}}}");
    assertThat(chart.nodes().getSpec().getVolumeClaimTemplates()).isEmpty();
    assertThat(chart.nodePod().getVolumes())
        .filteredOn(volume -> volume.getName().equals("device"))
        .singleElement()
        .satisfies(volume -> {
          assertThat(volume.getHostPath().getPath()).isEqualTo("/dev/disk/by-partlabel/larder");
          assertThat(volume.getHostPath().getType()).isEqualTo("BlockDevice");
        });
    assertThat(chart.nodeContainer().getVolumeDevices()).isEmpty();
    assertThat(chart.nodeContainer().getSecurityContext().getPrivileged()).isTrue();
    assertThat(chart.nodeContainer().getSecurityContext().getAllowPrivilegeEscalation())
        .as("Kubernetes refuses false beside privileged")
        .isNull();
    assertThat(
            chart
                .nodePod()
                .getAffinity()
                .getPodAntiAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution())
        .isNotEmpty();
    assertThat(chart.nodePod().getInitContainers().get(0).getEnv())
        .as("a pod that moves to another host must not take its id along: the device stays")
        .anySatisfy(env -> {
          assertThat(env.getName()).isEqualTo("LARDER_NODE_ID");
          assertThat(env.getValueFrom().getFieldRef().getFieldPath()).isEqualTo("spec.nodeName");
        });
  }

  @Test
  void noDeviceIsFormattedUnlessToldToAndThenOnlyAnEmptyOne() {
    assertThat(Chart.render(Chart.LEAST).nodePod().getInitContainers()).isEmpty();

    Manifests chart = Chart.render(Chart.LEAST, "node: {device: {format: true, maxValue: 32MiB}}");
    Container format = chart.nodePod().getInitContainers().get(0);
    assertThat(format.getArgs())
        .containsExactly(
            "device",
            "format",
            "--if-empty",
            "--cluster",
            "larder",
            "--node-id",
            "$(LARDER_NODE_ID)",
            "--max-value",
            "32MiB",
            "/dev/larder");
    assertThat(format.getVolumeDevices()).hasSize(1);
  }

  @Test
  void theNodesConfigurationIsOneThatTheNodeReads() {
    Manifests chart =
        Chart.render(
            INSTALLED,
            """
            cluster: prod
            auth: {enabled: true, existingSecret: larder-password}
            zookeeper: {sessionTimeoutMs: 9000, tickMs: 3000}
            node:
              heap: 2g
              resources: {limits: {memory: 12Gi}}
              zone: {value: rack-7}
              config:
                memory: {poolBytes: 8589934592, hotBytes: 4GiB}
                storage: {durability: flush}
                limits:
                  maxConnections: 500
                  setWaitMs: 2000
                  plainSetWaitMs: 1500
                  plainSessions: close
                  peerDeadlineMs: 100
            """);
    NodeConfig config =
        ConfigReader.parse(NodeConfig.DEFAULTS, "node.yaml", file(chart, "node"), Map.of());
    assertThat(config.device()).hasToString("/dev/larder");
    assertThat(config.cluster()).isEqualTo("prod");
    assertThat(config.zone()).isEqualTo("rack-7");
    assertThat(config.memory().poolBytes()).isEqualTo(8L << 30);
    assertThat(config.hotBytes()).isEqualTo(4L << 30);
    assertThat(config.storage().durability()).isEqualTo(StoreConfig.Durability.FLUSH);
    assertThat(config.limits().maxConnections()).isEqualTo(500);
    assertThat(config.limits().setWaitMs()).isEqualTo(2000);
    assertThat(config.limits().plainSetWaitMs()).isEqualTo(1500);
    assertThat(config.limits().plainSessions()).isEqualTo(ServerConfig.PlainSessions.CLOSE);
    assertThat(config.limits().peerDeadlineMs()).isEqualTo(100);
    assertThat(config.zookeeper().sessionTimeoutMs()).isEqualTo(9000);
    assertThat(config.zookeeper().tickMs()).isEqualTo(3000);
    assertThat(config.zookeeper().connect())
        .isEqualTo(
            "kv-larder-zookeeper-0.kv-larder-zookeeper-headless.inference.svc.cluster.local:2181,"
                + "kv-larder-zookeeper-1.kv-larder-zookeeper-headless.inference.svc.cluster.local:2181,"
                + "kv-larder-zookeeper-2.kv-larder-zookeeper-headless.inference.svc.cluster.local:2181");
    assertThat(config.security().passwordFile()).isEqualTo("/etc/larder-auth/password");
    var ports = chart.nodeContainer().getPorts();
    assertThat(ports.get(0).getContainerPort()).isEqualTo(config.listen().port());
    assertThat(ports.get(1).getContainerPort()).isEqualTo(config.http().port());
    assertThat(Manifests.argument(chart.nodeContainer(), "--config"))
        .isEqualTo("/etc/larder/node.yaml");
  }

  @Test
  void theCoordinatorsConfigurationIsOneThatTheCoordinatorReads() {
    Manifests chart =
        Chart.render(
            Chart.LEAST,
            "coordinator: {assignment: {startupWaitMs: 5000, reassignAfterMs: 60000, settleMs: 0}}");
    CoordinatorConfig config =
        ConfigReader.parse(
            CoordinatorConfig.DEFAULT, "coordinator.yaml", file(chart, "coordinator"), Map.of());
    assertThat(config.cluster()).isEqualTo("larder");
    assertThat(config.zookeeper().connect()).isEqualTo("zk-0:2181,zk-1:2181");
    assertThat(config.assignment().startupWaitMs()).isEqualTo(5000);
    assertThat(config.assignment().reassignAfterMs()).isEqualTo(60_000);
    assertThat(config.assignment().settleMs()).isZero();
    Deployment coordinators = chart.one(Deployment.class, "kv-larder-coordinator");
    assertThat(coordinators.getSpec().getReplicas()).isEqualTo(2);
    Container container = coordinators.getSpec().getTemplate().getSpec().getContainers().get(0);
    assertThat(config.http().listen())
        .endsWith(":" + container.getPorts().get(0).getContainerPort());
  }

  @Test
  void everyNodeAnnouncesANameThatOutlivesThePodsAddress() {
    Manifests chart = Chart.render(Chart.LEAST);
    assertThat(chart.nodeContainer().getArgs())
        .contains(
            "listen.advertisedHost=$(POD_NAME).kv-larder-node-headless.inference.svc.cluster.local");
    Service headless = chart.one(Service.class, "kv-larder-node-headless");
    assertThat(headless.getSpec().getClusterIP()).isEqualTo("None");
    assertThat(headless.getSpec().getPublishNotReadyAddresses())
        .as("a node is ready only after its peers have reached it")
        .isTrue();
    assertThat(chart.nodes().getSpec().getServiceName()).isEqualTo("kv-larder-node-headless");
    assertThat(chart.nodes().getSpec().getPodManagementPolicy()).isEqualTo("Parallel");
  }

  @Test
  void clientsReachTheNodeOfTheirOwnHost() {
    assertThat(
            Chart.render(Chart.LEAST)
                .one(Service.class, "kv-larder")
                .getSpec()
                .getInternalTrafficPolicy())
        .isEqualTo("Local");
    assertThat(
            Chart.render(Chart.LEAST, "service: {internalTrafficPolicy: Cluster}")
                .one(Service.class, "kv-larder")
                .getSpec()
                .getInternalTrafficPolicy())
        .isEqualTo("Cluster");
  }

  @Test
  void aNodeIsDrainedBeforeItStopsOnlyIfThatIsAskedFor() {
    assertThat(
            Chart.render(Chart.LEAST)
                .nodeContainer()
                .getLifecycle()
                .getPreStop()
                .getExec()
                .getCommand())
        .containsExactly("sleep", "5");
    assertThat(
            Chart.render(Chart.LEAST, "node: {preStop: {sleepSeconds: 0}}")
                .nodeContainer()
                .getLifecycle())
        .isNull();

    Manifests chart =
        Chart.render(
            Chart.LEAST,
            "node: {terminationGracePeriodSeconds: 7200, preStop: {drain: {enabled: true, extraArgs: [--throttle, 1GiB]}}}");
    assertThat(chart.nodeContainer().getLifecycle().getPreStop().getExec().getCommand())
        .containsExactly(
            "/bin/sh",
            "-c",
            "LARDER_JAVA_OPTS=-Xmx128m 'larder' 'admin' 'node' 'drain' '--yes' '--until-return' '--within=7135' '--zookeeper' 'zk-0:2181,zk-1:2181' '--cluster' 'larder' '--throttle' '1GiB' \"$LARDER_NODE_ID\"; sleep 5");
    assertThat(chart.nodeContainer().getEnv())
        .anyMatch(env -> env.getName().equals("LARDER_NODE_ID"));
  }

  @Test
  void aPasswordGivenIsKeptInASecretAndReadAsAFile() {
    Manifests chart =
        Chart.render(Chart.LEAST, "auth: {enabled: true, password: 'o\"pen: sesame'}");
    Secret secret = chart.one(Secret.class, "kv-larder-auth");
    assertThat(
            new String(
                Base64.getDecoder().decode(secret.getData().get("password")),
                StandardCharsets.UTF_8))
        .isEqualTo("o\"pen: sesame");
    assertThat(chart.documents())
        .filteredOn(document -> !document.get("kind").asText().equals("Secret"))
        .noneMatch(document -> document.toString().contains("sesame"));

    Manifests existing =
        Chart.render(
            Chart.LEAST, "auth: {enabled: true, existingSecret: vault, existingSecretKey: larder}");
    assertThat(existing.all(Secret.class)).isEmpty();
    Volume auth =
        existing.nodePod().getVolumes().stream()
            .filter(volume -> volume.getName().equals("auth"))
            .findFirst()
            .orElseThrow();
    assertThat(auth.getSecret().getSecretName()).isEqualTo("vault");
    assertThat(auth.getSecret().getItems().get(0).getKey()).isEqualTo("larder");
    assertThat(auth.getSecret().getItems().get(0).getPath()).isEqualTo("password");
  }

  @Test
  void certificatesReachEveryPartThatConnectsToANode() {
    Manifests chart =
        Chart.render(
            Chart.LEAST,
            """
            tls: {enabled: true, existingSecret: larder-tls, requireClientCertificate: true}
            node: {terminationGracePeriodSeconds: 7200, preStop: {drain: {enabled: true}}}
            """);
    NodeConfig node =
        ConfigReader.parse(NodeConfig.DEFAULTS, "node.yaml", file(chart, "node"), Map.of());
    assertThat(node.tls().certificate()).isEqualTo("/etc/larder-tls/tls.crt");
    assertThat(node.tls().key()).isEqualTo("/etc/larder-tls/tls.key");
    assertThat(node.tls().authorities()).isEqualTo("/etc/larder-tls/ca.crt");
    assertThat(node.tls().requireClientCertificate()).isTrue();
    CoordinatorConfig coordinator =
        ConfigReader.parse(
            CoordinatorConfig.DEFAULT, "coordinator.yaml", file(chart, "coordinator"), Map.of());
    assertThat(coordinator.security().tlsAuthorities()).isEqualTo("/etc/larder-tls/ca.crt");
    assertThat(coordinator.security().tlsCertificate()).isEqualTo("/etc/larder-tls/tls.crt");
    assertThat(coordinator.security().tlsKey()).isEqualTo("/etc/larder-tls/tls.key");
    Pod probe = chart.one(Pod.class, "kv-larder-test-probe");
    Container prober = probe.getSpec().getContainers().get(0);
    assertThat(Manifests.argument(prober, "--tls-authorities")).isEqualTo("/etc/larder-tls/ca.crt");
    assertThat(Manifests.argument(prober, "--tls-key")).isEqualTo("/etc/larder-tls/tls.key");
    assertThat(chart.nodeContainer().getLifecycle().getPreStop().getExec().getCommand())
        .last()
        .asString()
        .contains("'--tls-authorities' '/etc/larder-tls/ca.crt'");
    Deployment coordinators = chart.one(Deployment.class, "kv-larder-coordinator");
    for (PodSpec pod :
        List.of(chart.nodePod(), coordinators.getSpec().getTemplate().getSpec(), probe.getSpec())) {
      assertThat(pod.getVolumes())
          .filteredOn(volume -> volume.getName().equals("tls"))
          .singleElement()
          .satisfies(
              volume -> assertThat(volume.getSecret().getSecretName()).isEqualTo("larder-tls"));
      assertThat(pod.getContainers().get(0).getVolumeMounts())
          .filteredOn(mount -> mount.getName().equals("tls"))
          .singleElement()
          .satisfies(mount -> assertThat(mount.getMountPath()).isEqualTo("/etc/larder-tls"));
    }
  }

  @Test
  void larderRunsAsAnyoneButRootAndWithoutRights() {
    Manifests chart = Chart.render(INSTALLED, "node: {device: {format: true}}");
    chart
        .podTemplates()
        .forEach((name, template) -> {
          PodSpec pod = template.getSpec();
          assertThat(pod.getSecurityContext().getRunAsNonRoot()).as(name).isTrue();
          assertThat(pod.getSecurityContext().getSeccompProfile().getType())
              .isEqualTo("RuntimeDefault");
          assertThat(pod.getAutomountServiceAccountToken()).as(name).isFalse();
          for (Container container : Hangings.containers(pod)) {
            var context = container.getSecurityContext();
            assertThat(context.getAllowPrivilegeEscalation()).as(name).isFalse();
            assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
            if (!container.getName().equals("zookeeper")) {
              assertThat(context.getReadOnlyRootFilesystem()).as(name).isTrue();
            }
          }
        });
    assertThat(chart.nodePod().getSecurityContext().getSupplementalGroups())
        .as("the device's group, which fsGroup does not set")
        .containsExactly(6L);
  }

  @Test
  void theEnsembleOfThreeKnowsItsMembers() {
    Manifests chart = Chart.render(INSTALLED);
    StatefulSet servers = chart.one(StatefulSet.class, "kv-larder-zookeeper");
    Container server = servers.getSpec().getTemplate().getSpec().getContainers().get(0);
    assertThat(server.getImage()).isEqualTo("docker.io/zookeeper:3.9.5");
    Map<String, String> env = Hangings.environment(server);
    assertThat(Objects.requireNonNull(env.get("ZOO_SERVERS")).split(" "))
        .hasSize(3)
        .contains(
            "server.3=kv-larder-zookeeper-2.kv-larder-zookeeper-headless.inference.svc.cluster.local:2888:3888;2181");
    assertThat(env.get("ZOO_TICK_TIME"))
        .as("the tick that the nodes' fence leaves")
        .isEqualTo("2000");

    Manifests single = Chart.render(INSTALLED, "zookeeper: {replicas: 1}");
    assertThat(
            Hangings.environment(
                single
                    .one(StatefulSet.class, "kv-larder-zookeeper")
                    .getSpec()
                    .getTemplate()
                    .getSpec()
                    .getContainers()
                    .get(0)))
        .doesNotContainKey("ZOO_SERVERS");
  }

  @Test
  void theTestPodPutsThroughTheServiceAndReadsThroughEveryNode() {
    Manifests chart =
        Chart.render(
            Chart.LEAST,
            "{node: {replicas: 2}, service: {port: 6379}, test: {blocks: 3, blockBytes: 64KiB}}");
    Pod probe = chart.one(Pod.class, "kv-larder-test-probe");
    assertThat(probe.getMetadata().getAnnotations()).containsEntry(Chart.HOOK, "test");
    assertThat(probe.getSpec().getContainers().get(0).getArgs())
        .containsExactly(
            "probe",
            "--node",
            "kv-larder.inference.svc.cluster.local:6379",
            "--node",
            "kv-larder-node-0.kv-larder-node-headless.inference.svc.cluster.local:7379",
            "--node",
            "kv-larder-node-1.kv-larder-node-headless.inference.svc.cluster.local:7379",
            "--blocks",
            "3",
            "--block-bytes",
            "64KiB",
            "--timeout",
            "60");
    assertThat(probe.getSpec().getAffinity().getPodAffinity())
        .as("a Local service leads nowhere from a host without a node")
        .isNotNull();
  }

  @Test
  void onlyThoseNamedReachTheNodes() {
    assertThat(Chart.render(INSTALLED).all(NetworkPolicy.class)).isEmpty();
    Manifests chart =
        Chart.render(
            INSTALLED,
            """
            networkPolicy:
              enabled: true
              clients: [{namespaceSelector: {matchLabels: {team: serving}}}]
            """);
    NetworkPolicy nodes = chart.one(NetworkPolicy.class, "kv-larder-node");
    assertThat(nodes.getSpec().getIngress().get(0).getFrom())
        .hasSize(2)
        .anyMatch(peer ->
            peer.getNamespaceSelector() != null
                && peer.getNamespaceSelector().getMatchLabels().containsKey("team"));
    NetworkPolicy zookeeper = chart.one(NetworkPolicy.class, "kv-larder-zookeeper");
    assertThat(zookeeper.getSpec().getIngress())
        .allSatisfy(rule -> assertThat(rule.getFrom()).isNotEmpty());
  }

  @Test
  void prometheusScrapesEveryProcessOnce() {
    Manifests chart =
        Chart.render(
            Chart.LEAST,
            "metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}");
    JsonNode monitor = chart.raw("ServiceMonitor").get(0);
    assertThat(monitor.at("/metadata/labels/release").asText()).isEqualTo("prometheus");
    assertThat(monitor.at("/spec").propertyStream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrder("namespaceSelector", "selector", "endpoints");
    assertThat(monitor.at("/spec/endpoints/0").propertyStream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrder("port", "path", "interval", "scrapeTimeout");
    Map<String, String> wanted =
        Map.of(
            "app.kubernetes.io/name",
            monitor.at("/spec/selector/matchLabels/app.kubernetes.io~1name").asText(),
            "app.kubernetes.io/instance",
            monitor.at("/spec/selector/matchLabels/app.kubernetes.io~1instance").asText());
    List<String> values =
        monitor
            .at("/spec/selector/matchExpressions/0/values")
            .valueStream()
            .map(JsonNode::asText)
            .toList();
    assertThat(chart.all(Service.class))
        .filteredOn(service ->
            service.getMetadata().getLabels().entrySet().containsAll(wanted.entrySet())
                && values.contains(service.getMetadata().getLabels().get("larder.io/service")))
        .extracting(service -> service.getMetadata().getName())
        .containsExactlyInAnyOrder("kv-larder-node-headless", "kv-larder-coordinator");
  }

  private static String file(Manifests chart, String component) {
    Map<String, String> data = chart.one(ConfigMap.class, "kv-larder-" + component).getData();
    return Objects.requireNonNull(data.get(component + ".yaml"));
  }
}
