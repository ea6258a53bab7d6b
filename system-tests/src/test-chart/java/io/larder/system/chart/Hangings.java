package io.larder.system.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeDevice;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Asserts what the types alone do not say: that the parts of a rendering hang together. */
final class Hangings {
  private Hangings() {}

  static void check(Manifests chart, Set<String> secretsThatExist) {
    assertThat(chart.names()).doesNotHaveDuplicates();
    for (HasMetadata object : chart.typed()) {
      String name = object.getKind() + "/" + object.getMetadata().getName();
      assertThat(KubernetesTypes.unknownFields(object)).as("unknown fields").isEmpty();
      assertThat(object.getMetadata().getNamespace()).as(name).isEqualTo(Chart.NAMESPACE);
      assertThat(object.getMetadata().getName())
          .as(name)
          .matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
      assertThat(object.getMetadata().getLabels())
          .as(name)
          .containsEntry("app.kubernetes.io/instance", Chart.RELEASE)
          .allSatisfy((_, value) -> assertThat(value).hasSizeLessThanOrEqualTo(63));
    }
    chart
        .all(StatefulSet.class)
        .forEach(set -> {
          selects(set.getSpec().getSelector().getMatchLabels(), set.getSpec().getTemplate());
          pod(
              chart,
              set.getMetadata().getName(),
              set.getSpec().getTemplate().getSpec(),
              set.getSpec().getVolumeClaimTemplates(),
              secretsThatExist);
          assertThat(set.getSpec().getServiceName())
              .isIn(chart.all(Service.class).stream().map(s -> s.getMetadata().getName()).toList());
        });
    chart
        .all(Deployment.class)
        .forEach(deployment -> {
          selects(
              deployment.getSpec().getSelector().getMatchLabels(),
              deployment.getSpec().getTemplate());
          pod(
              chart,
              deployment.getMetadata().getName(),
              deployment.getSpec().getTemplate().getSpec(),
              List.of(),
              secretsThatExist);
        });
    chart
        .all(Pod.class)
        .forEach(pod ->
            pod(chart, pod.getMetadata().getName(), pod.getSpec(), List.of(), secretsThatExist));
    chart.all(Service.class).forEach(service -> service(chart, service));
    chart
        .all(PodDisruptionBudget.class)
        .forEach(budget ->
            assertThat(selected(chart, budget.getSpec().getSelector().getMatchLabels()))
                .as("pods of budget %s", budget.getMetadata().getName())
                .hasSize(1));
  }

  private static void selects(Map<String, String> selector, PodTemplateSpec template) {
    assertThat(selector).isNotEmpty();
    assertThat(template.getMetadata().getLabels()).containsAllEntriesOf(selector);
  }

  private static List<PodTemplateSpec> selected(Manifests chart, Map<String, String> selector) {
    return chart.podTemplates().values().stream()
        .filter(t -> t.getMetadata().getLabels().entrySet().containsAll(selector.entrySet()))
        .toList();
  }

  private static void service(Manifests chart, Service service) {
    List<PodTemplateSpec> pods = selected(chart, service.getSpec().getSelector());
    assertThat(pods).as("pods of service %s", service.getMetadata().getName()).hasSize(1);
    Set<String> named = new HashSet<>();
    containers(pods.get(0).getSpec())
        .forEach(c -> c.getPorts().stream().map(ContainerPort::getName).forEach(named::add));
    service
        .getSpec()
        .getPorts()
        .forEach(port -> assertThat(port.getTargetPort().getStrVal()).isIn(named));
  }

  private static void pod(
      Manifests chart,
      String name,
      PodSpec pod,
      List<PersistentVolumeClaim> claims,
      Set<String> secretsThatExist) {
    Set<String> blocks = new HashSet<>();
    Set<String> volumes = new HashSet<>();
    for (PersistentVolumeClaim claim : claims) {
      boolean block = "Block".equals(claim.getSpec().getVolumeMode());
      (block ? blocks : volumes).add(claim.getMetadata().getName());
    }
    for (Volume volume : pod.getVolumes()) {
      assertThat(volumes.add(volume.getName()))
          .as("%s: two volumes %s", name, volume.getName())
          .isTrue();
      if (volume.getConfigMap() != null) {
        chart.one(ConfigMap.class, volume.getConfigMap().getName());
      }
      if (volume.getSecret() != null
          && !secretsThatExist.contains(volume.getSecret().getSecretName())) {
        Secret secret = chart.one(Secret.class, volume.getSecret().getSecretName());
        volume
            .getSecret()
            .getItems()
            .forEach(item -> assertThat(secret.getData()).containsKey(item.getKey()));
      }
    }
    assertThat(pod.getServiceAccountName())
        .isIn(
            Stream.concat(
                    Stream.of("default", "given"),
                    chart.all(ServiceAccount.class).stream().map(a -> a.getMetadata().getName()))
                .toList());
    for (Container container : containers(pod)) {
      container(name + "/" + container.getName(), container, volumes, blocks);
    }
  }

  private static void container(
      String name, Container container, Set<String> volumes, Set<String> blocks) {
    assertThat(container.getImage()).as(name).matches("[^:]+(:[0-9]+/[^:]+)?[:@].+");
    assertThat(container.getImagePullPolicy()).as(name).isIn("Always", "IfNotPresent", "Never");
    assertThat(container.getResources().getRequests()).as(name).containsKey("memory");
    assertThat(container.getResources().getLimits()).as(name).containsKey("memory");
    assertThat(container.getVolumeMounts().stream().map(VolumeMount::getName))
        .as(name)
        .allMatch(volumes::contains);
    assertThat(container.getVolumeMounts().stream().map(VolumeMount::getMountPath))
        .as(name)
        .doesNotHaveDuplicates();
    assertThat(container.getVolumeDevices().stream().map(VolumeDevice::getName))
        .as(name)
        .allMatch(blocks::contains);
    Set<String> ports = new HashSet<>();
    container.getPorts().forEach(port -> ports.add(port.getName()));
    Stream.of(
            container.getStartupProbe(),
            container.getLivenessProbe(),
            container.getReadinessProbe())
        .filter(probe -> probe != null && probe.getHttpGet() != null)
        .forEach(probe -> assertThat(probe.getHttpGet().getPort().getStrVal()).isIn(ports));
  }

  static List<Container> containers(PodSpec pod) {
    List<Container> all = new ArrayList<>(pod.getInitContainers());
    all.addAll(pod.getContainers());
    return all;
  }

  /** Variables given by value; a name given twice is an error. */
  static Map<String, String> environment(Container container) {
    Map<String, String> values = new HashMap<>();
    container
        .getEnv()
        .forEach(variable -> {
          if (variable.getValue() != null) {
            assertThat(values.put(variable.getName(), variable.getValue()))
                .as(variable.getName())
                .isNull();
          }
        });
    return values;
  }
}
