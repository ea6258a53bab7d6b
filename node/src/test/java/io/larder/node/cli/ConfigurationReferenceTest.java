package io.larder.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.config.ConfigReader;
import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.node.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
