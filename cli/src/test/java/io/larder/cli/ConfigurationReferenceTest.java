package io.larder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.config.ConfigReader;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * docs/configuration.md is made from the records. To write it anew after a change of a key: {@code
 * ./mvnw -pl node -am test -Dtest=ConfigurationReferenceTest -Dlarder.docs.write=true
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ConfigurationReferenceTest {
  private static final Path PAGE = Path.of("..", "docs", "configuration.md");

  @Test
  void theReferenceListsEveryKeyWithItsDefault() throws IOException {
    String page =
        """
        # Configuration

        Node and coordinator read a YAML file (`--config FILE`) and flags, which win over it; `--set KEY=VALUE` sets any
        key by its dotted name. An unknown key or a bad value is refused with exit code 2, all of them named at once. Sizes may
        be written `64MiB`, `10GiB`, `2TiB`. This page is made from the code.

        ## Node

        %s
        ## Coordinator

        %s
        ## Environment

        | variable | what |
        |---|---|
        | `LARDER_JAVA_HOME` | the JDK that `./larder` and `./mvnw` use |
        | `LARDER_JAVA_OPTS` | more options for the JVM, as `-Xmx8g` |
        | `LARDER_LOG_LEVEL` | level of Larder's own log: `ERROR`, `WARN`, `INFO`, `DEBUG`; the log goes to standard error |
        | `LARDER_NO_BUILD` | set: `./larder` never builds |
        | `LARDER_DEBUG` | set: errors come with their stack traces |
        """
            .formatted(
                ConfigReader.reference(NodeConfig.DEFAULTS),
                ConfigReader.reference(CoordinatorConfig.DEFAULT));
    if (Boolean.getBoolean("larder.docs.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(PAGE).hasContent(page);
  }

  /** `server`, which no key begins with, once stood for `listen` in two messages. */
  @Test
  void everyKeyThatAMessageNamesExists() throws IOException {
    Set<String> keys =
        Pattern.compile("(?m)^\\| `([\\w.]+)`")
            .matcher(Files.readString(PAGE))
            .results()
            .map(row -> row.group(1))
            .collect(Collectors.toSet());
    String groups =
        keys.stream()
            .filter(key -> key.contains("."))
            .map(key -> key.substring(0, key.indexOf('.')))
            .distinct()
            .collect(Collectors.joining("|"));
    Pattern named = Pattern.compile("(?<![\\w./])(?:server|" + groups + ")\\.[a-z]\\w*+(?!\\*)");

    assertThat(stringLiterals().flatMap(text -> named.matcher(text).results()))
        .extracting(MatchResult::group)
        .contains("listen.port", "zookeeper.tickMs")
        .isSubsetOf(keys);
  }

  /** Of the sources of node and coordinator. */
  private static Stream<String> stringLiterals() throws IOException {
    List<String> literals = new ArrayList<>();
    Pattern literal = Pattern.compile("\"(?:[^\"\\\\\\n]|\\\\.)*\"");
    for (String module : List.of("node", "coordinator")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          literal
              .matcher(Files.readString(file))
              .results()
              .map(MatchResult::group)
              .forEach(literals::add);
        }
      }
    }
    return literals.stream();
  }
}
