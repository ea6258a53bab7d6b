package io.larder.system.docs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import io.larder.coordinator.config.ConfigException;
import io.larder.coordinator.config.ConfigReader;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Reads an example with whatever reads it in use: a process's configuration, the chart, Kubernetes.
 */
final class YamlExamples {
  private static final YAMLMapper YAML = YAMLMapper.builder().build();

  private YamlExamples() {}

  /** What is wrong with it; empty if nothing is. */
  static Optional<String> refusal(Fence example) {
    try {
      if (example.text().startsWith("# values.yaml")) {
        template(example.text());
      } else if (example.text().contains("apiVersion:")) {
        return manifests(example);
      } else if (YAML.readTree(example.text()).has("device")) {
        ConfigReader.parse(NodeConfig.DEFAULTS, "node.yaml", example.text(), Map.of());
      } else {
        return partOfAConfiguration(example);
      }
      return Optional.empty();
    } catch (ConfigException | IllegalStateException | IOException e) {
      return Optional.of(example.place() + ": " + e.getMessage());
    }
  }

  private static void template(String values) throws IOException {
    Path file = Files.createTempFile("larder-values", ".yaml");
    try {
      Files.writeString(file, values);
      new Helm(Page.CHECKOUT.resolve("helm/larder"))
          .template()
          .withKubeVersion("1.31.0")
          .withValuesFile(file)
          .call();
    } finally {
      Files.delete(file);
    }
  }

  private static Optional<String> manifests(Fence example) throws IOException {
    try (var documents = YAML.readerFor(JsonNode.class).<JsonNode>readValues(example.text())) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        if (!document.has("apiVersion") || !document.has("kind") || !document.has("metadata")) {
          return Optional.of(example.place() + ": no Kubernetes object: " + document);
        }
      }
    }
    return Optional.empty();
  }

  /** A part without a device may be a coordinator's or a node's. */
  private static Optional<String> partOfAConfiguration(Fence example) {
    try {
      ConfigReader.parse(CoordinatorConfig.DEFAULT, "coordinator.yaml", example.text(), Map.of());
      return Optional.empty();
    } catch (ConfigException ofCoordinator) {
      Map<String, String> device = Map.of("device", "/dev/larder");
      try {
        ConfigReader.parse(NodeConfig.DEFAULTS, "node.yaml", example.text(), device);
        return Optional.empty();
      } catch (ConfigException ofNode) {
        return Optional.of(
            "%s: no coordinator takes it: %s; nor a node: %s"
                .formatted(example.place(), ofCoordinator.getMessage(), ofNode.getMessage()));
      }
    }
  }
}
