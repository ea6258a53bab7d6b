package io.larder.system.chart;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What one rendering of the chart would create. */
record Manifests(List<JsonNode> documents) {
  /** Every document as its Kubernetes type; those of a CRD are left to {@link #raw}. */
  List<HasMetadata> typed() {
    List<HasMetadata> typed = new ArrayList<>();
    for (JsonNode document : documents) {
      if (!document.get("apiVersion").asText().startsWith("monitoring.coreos.com/")) {
        typed.add(KubernetesTypes.read(document));
      }
    }
    return typed;
  }

  /** The documents of a kind, as they are. */
  List<JsonNode> raw(String kind) {
    return documents.stream().filter(d -> d.get("kind").asText().equals(kind)).toList();
  }

  <T extends HasMetadata> List<T> all(Class<T> type) {
    return typed().stream().filter(type::isInstance).map(type::cast).toList();
  }

  <T extends HasMetadata> T one(Class<T> type, String name) {
    return all(type).stream()
        .filter(o -> o.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new AssertionError("no %s %s among %s".formatted(type.getSimpleName(), name, names())));
  }

  List<String> names() {
    return documents.stream()
        .map(d -> d.get("kind").asText() + "/" + d.at("/metadata/name").asText())
        .toList();
  }

  StatefulSet nodes() {
    return one(StatefulSet.class, "kv-larder-node");
  }

  PodSpec nodePod() {
    return nodes().getSpec().getTemplate().getSpec();
  }

  Container nodeContainer() {
    return nodePod().getContainers().get(0);
  }

  /** The pod templates of the workloads, by the workload's name. */
  Map<String, PodTemplateSpec> podTemplates() {
    return Stream.concat(
            all(StatefulSet.class).stream()
                .map(s -> Map.entry(s.getMetadata().getName(), s.getSpec().getTemplate())),
            all(Deployment.class).stream()
                .map(d -> Map.entry(d.getMetadata().getName(), d.getSpec().getTemplate())))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** An argument of the form {@code --name value}; null if it is not given. */
  static @Nullable String argument(Container container, String name) {
    List<String> args = container.getArgs();
    int at = args.indexOf(name);
    return at < 0 ? null : args.get(at + 1);
  }
}
