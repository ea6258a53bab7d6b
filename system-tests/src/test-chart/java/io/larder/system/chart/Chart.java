package io.larder.system.chart;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@code helm/larder} as Helm itself, in this process and without a cluster, sees it. */
final class Chart {
  static final Path FOLDER = Path.of("..", "helm", "larder").toAbsolutePath().normalize();
  static final String RELEASE = "kv";
  static final String NAMESPACE = "inference";

  /** The least that is said where an ensemble is there already. */
  static final String LEAST = "zookeeper: {install: false, connect: 'zk-0:2181,zk-1:2181'}";

  static final YAMLMapper YAML = YAMLMapper.builder().build();

  /**
   * A copy whose hooks are ordinary objects: Helm's library leaves hooks out of what it returns,
   * and the test pod is to be checked like the rest.
   */
  private static final Path WITH_HOOKS = withHooks();

  static final String HOOK = "not-helm.sh/hook";

  private Chart() {}

  static LintResult lint() {
    return new Helm(FOLDER).lint().strict().call();
  }

  /**
   * The manifests for values given as YAML, a later text over an earlier one.
   *
   * @throws RuntimeException if the schema or a template refuses them, with Helm's message
   */
  static Manifests render(String... values) {
    ObjectNode merged = JsonNodeFactory.instance.objectNode();
    for (String text : values) {
      lay(merged, parse(text));
    }
    try {
      Path file = Files.createTempFile("larder-values", ".yaml");
      try {
        YAML.writeValue(file.toFile(), merged);
        return new Manifests(documents(template(file)));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String template(Path values) {
    return new Helm(WITH_HOOKS)
        .template()
        .withName(RELEASE)
        .withNamespace(NAMESPACE)
        .withKubeVersion("1.31.0")
        .withValuesFile(values)
        .call();
  }

  private static Path withHooks() {
    try {
      Path copy = Files.createTempDirectory("larder-chart");
      try (Stream<Path> files = Files.walk(FOLDER)) {
        for (Path file : files.toList()) {
          Path target = copy.resolve(FOLDER.relativize(file).toString());
          if (Files.isDirectory(file)) {
            Files.createDirectories(target);
          } else {
            Files.writeString(
                target, Files.readString(file).replace("\"helm.sh/hook\"", "\"not-helm.sh/hook\""));
          }
          target.toFile().deleteOnExit();
        }
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Maps are laid over each other key by key; anything else is replaced. */
  private static void lay(ObjectNode under, JsonNode over) {
    over.properties()
        .forEach(entry -> {
          if (entry.getValue() instanceof ObjectNode map
              && under.get(entry.getKey()) instanceof ObjectNode known) {
            lay(known, map);
          } else {
            under.set(entry.getKey(), entry.getValue().deepCopy());
          }
        });
  }

  static JsonNode parse(String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<JsonNode> documents(String yaml) throws IOException {
    List<JsonNode> documents = new ArrayList<>();
    try (var parser = YAML.createParser(yaml)) {
      var read = YAML.readValues(parser, JsonNode.class);
      while (read.hasNext()) {
        JsonNode document = read.next();
        if (document instanceof ObjectNode) {
          documents.add(document);
        }
      }
    }
    return documents;
  }
}
